using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Godwit.Hypervisors.Qemu.Qmp;

namespace Godwit.Hypervisors.Tests.Qemu.Qmp;

/// <summary>The other end of a monitor's line, which says what a test wants; an empty line closes it.</summary>
internal sealed partial class FakeMonitor(string greeting) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, string[]> _answers = new() { ["qmp_capabilities"] = ["""{"return": {}, "id": ID}"""] };
    private Socket? _ours;
    private Task _serving = Task.CompletedTask;

    /// <summary>The commands that came, in their order.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    public void Answer(string command, params string[] lines) => _answers[command] = lines;

    public async Task<QmpConnection> ConnectAsync()
    {
        var path = Path.Combine(Path.GetTempPath(), $"godwit-{Guid.NewGuid():N}.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var connecting = QmpConnection.ConnectAsync(path, CancellationToken.None);
        _ours = await listener.AcceptAsync();
        _serving = Task.Run(ServeAsync);
        return await connecting;
    }

    public async ValueTask DisposeAsync()
    {
        _ours?.Dispose();
        await _serving;
    }

    private async Task ServeAsync()
    {
        try
        {
            await using var stream = new NetworkStream(_ours!);
            using var reader = new StreamReader(stream);
            await using var writer = new StreamWriter(stream) { AutoFlush = true };
            await writer.WriteAsync(greeting + "\n");
            while (await reader.ReadLineAsync() is { } line)
            {
                var command = Command().Match(line).Groups[1].Value;
                Asked.Enqueue(command);
                if (!_answers.TryGetValue(command, out var answer)) continue;
                foreach (var text in answer)
                {
                    if (text.Length == 0)
                    {
                        _ours!.Dispose();
                        return;
                    }
                    await writer.WriteAsync(text.Replace("ID", Id().Match(line).Groups[1].Value, StringComparison.Ordinal) + "\n");
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The test has closed the line.
        }
    }

    [GeneratedRegex("\"execute\":\"([^\"]*)\"")]
    private static partial Regex Command();

    [GeneratedRegex("\"id\":([0-9]+)")]
    private static partial Regex Id();
}
