using System.Globalization;

namespace Godwit.Storage.Tests.Attachments;

/// <summary>
/// The files of the kernel's driver, in a directory: words that are written to <c>discover</c>, <c>revalidate</c> and <c>flush</c> are
/// answered as the driver does, for the targets that a test names.
/// </summary>
internal sealed class FakeKernel : IAsyncDisposable
{
    private readonly string _root;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _answering;

    public FakeKernel(string root, bool loaded = true)
    {
        _root = root;
        Directory.CreateDirectory(Path.Combine(root, "dev/etherd"));
        foreach (var file in new[] { "discover", "revalidate", "flush" })
            File.WriteAllText(ControlOf(file), "");
        if (loaded)
            Load();
        _answering = AnswerAsync();
    }

    /// <summary>Targets on the network, by address, with their sizes in bytes.</summary>
    public Dictionary<string, long> Targets { get; } = [];

    public List<string> Heard { get; } = [];

    /// <summary>Words that are lost before they are answered, as frames may be.</summary>
    public int Lose { get; set; }

    public void Load()
    {
        Directory.CreateDirectory(Path.Combine(_root, "sys/module/aoe/parameters"));
        UseOnly("");
    }

    public void UseOnly(string interfaces) => File.WriteAllText(Path.Combine(_root, "sys/module/aoe/parameters/aoe_iflist"), interfaces + "\n");

    public void Show(string address, long bytes, string state = "up")
    {
        var block = Path.Combine(_root, "sys/block/etherd!" + address);
        Directory.CreateDirectory(Path.Combine(block, "holders"));
        File.WriteAllText(Path.Combine(block, "size"), (bytes / 512).ToString(CultureInfo.InvariantCulture) + "\n");
        File.WriteAllText(Path.Combine(_root, "dev/etherd", address), "");
        File.WriteAllText(Path.Combine(block, "state"), state + "\n");
    }

    /// <summary>A device of the host lies on it, as a logical volume does.</summary>
    public void Hold(string address) => File.WriteAllText(Path.Combine(_root, "sys/block/etherd!" + address, "holders/dm-0"), "");

    public bool Has(string address) => File.Exists(Path.Combine(_root, "dev/etherd", address));

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _answering;
        _end.Dispose();
    }

    private string ControlOf(string file) => Path.Combine(_root, "dev/etherd", file);

    private async Task AnswerAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            foreach (var file in new[] { "discover", "revalidate", "flush" })
            {
                if (await File.ReadAllTextAsync(ControlOf(file)) is { Length: > 0 } word)
                {
                    await File.WriteAllTextAsync(ControlOf(file), "");
                    Heard.Add($"{file} {word.Replace("\0", "\\0", StringComparison.Ordinal)}");
                    if (Lose-- <= 0)
                        Answer(file, word);
                }
            }
            await Task.Delay(2, CancellationToken.None);
        }
    }

    private void Answer(string file, string word)
    {
        var named = word.TrimEnd('\0');
        switch (file)
        {
            case "discover":
                foreach (var (address, bytes) in Targets)
                {
                    // It keeps the size that it knows of a device that it has.
                    if (!Has(address))
                        Show(address, bytes);
                }
                break;
            case "revalidate" when Targets.TryGetValue(named, out var bytes):
                Show(named, bytes);
                break;
            case "flush":
                File.Delete(Path.Combine(_root, "dev/etherd", named));
                Directory.Delete(Path.Combine(_root, "sys/block/etherd!" + named), recursive: true);
                break;
        }
    }
}
