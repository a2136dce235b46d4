using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Godwit.Domains;
using Godwit.Hypervisors.Xen;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Hypervisors.Tests.Xen.Fake;

/// <summary>A host with a Xen that is played by a script (Fake/xl) and a xenstored that knows of ends of domains.</summary>
internal sealed partial class FakeXen : IAsyncDisposable
{
    public static readonly Guid DomainId = Guid.Parse("11111111-2222-3333-4444-555555555555");
    private readonly string _directory = Directory.CreateTempSubdirectory("gwx-").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly List<(Socket Socket, string Token)> _watches = [];
    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _nodes = [];
    private TimeSpan _endLimit = TimeSpan.FromSeconds(30);

    private FakeXen()
    {
    }

    public XenHypervisor Hypervisor { get; private set; } = null!;

    private string State => Path.Combine(_directory, "xen");

    /// <param name="ct">The test's end.</param>
    /// <param name="info">What <c>xl info</c> says; null: as a host whose processor helps.</param>
    /// <param name="endLimit">How long the memory of a domain that has ended is waited for; null: long.</param>
    public static async Task<FakeXen> StartAsync(CancellationToken ct, string? info = null, TimeSpan? endLimit = null)
    {
        var fake = new FakeXen();
        if (endLimit is { } limit) fake._endLimit = limit;
        Directory.CreateDirectory(fake.State);
        var stream = fake.At("stream");
        await File.WriteAllBytesAsync(stream, RecordedOutput.Stream, ct);
        await File.WriteAllTextAsync(Path.Combine(fake.State, "last"), "0\n", ct);
        await File.WriteAllTextAsync(Path.Combine(fake.State, "uuid"), DomainId + "\n", ct);
        await File.WriteAllTextAsync(Path.Combine(fake.State, "info"), info ?? RecordedOutput.Text("xl-info.txt"), ct);
        foreach (var said in (string[])["mem-set-beyond-maxmem.txt", "mem-set-no-domain.txt", "vcpu-set-beyond-maxvcpus.txt"])
            await File.WriteAllTextAsync(Path.Combine(fake.State, said), RecordedOutput.Text(said), ct);
        await File.WriteAllTextAsync(fake.At("xl"), RecordedOutput.Text("fake-xl").Replace("@XEN@", fake.State).Replace("@STREAM@", stream), ct);
        File.SetUnixFileMode(fake.At("xl"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        fake._listener.Bind(new UnixDomainSocketEndPoint(fake.At("store")));
        fake._listener.Listen();
        _ = fake.AcceptAsync();
        await fake.OpenAsync(ct);
        return fake;
    }

    /// <summary>A daemon starts: the one before has let go of its copies, or died.</summary>
    public async Task OpenAsync(CancellationToken ct)
    {
        if (Hypervisor is { } before) await before.DisposeAsync();
        Hypervisor = await XenHypervisor.OpenAsync(
            new XenOptions { Xl = At("xl"), RunDirectory = At("run"), StoreSocket = At("store"), StepLimit = TimeSpan.FromSeconds(20), EndLimit = _endLimit, GrowLimit = TimeSpan.FromSeconds(2) },
            TimeProvider.System, NullLogger.Instance, ct);
    }

    public static CopyOrder Order() => new()
    {
        Spec = new DomainSpec { Name = "vm1", Uuid = DomainId, MemoryMiB = 96 },
        Pin = new EnginePin("xen", "xen", "pv", "host"),
        CopyId = Guid.NewGuid(),
        KernelPath = "/boot/vmlinuz",
        Disks = [],
    };

    /// <summary>What Xen has of a domain: its name, pause count, and why it is shut down; null: no such domain.</summary>
    public (string Name, int Paused, string? Shutdown)? Domain(string name)
    {
        foreach (var domain in Directory.GetDirectories(State).Where(d => !Path.GetFileName(d).StartsWith('.')))
        {
            if (File.ReadAllText(Path.Combine(domain, "name")).Trim() != name) continue;
            var shutdown = Path.Combine(domain, "shutdown");
            return (name, int.Parse(File.ReadAllText(Path.Combine(domain, "paused")), CultureInfo.InvariantCulture),
                File.Exists(shutdown) ? File.ReadAllText(shutdown).Trim() : null);
        }
        return null;
    }

    /// <summary>xl was told that the receiver is ready: it would give the permission to run.</summary>
    public bool XlWasTold => File.Exists(Path.Combine(State, "told"));

    /// <summary>Xen gives so much to no domain.</summary>
    public void SetFreeMemory(int mib)
    {
        // In one step: xl may be reading it.
        var next = Path.Combine(State, ".info");
        File.WriteAllText(next, FreeMemory().Replace(File.ReadAllText(Path.Combine(State, "info")), $"${{1}}{mib}"));
        File.Move(next, Path.Combine(State, "info"), overwrite: true);
    }

    /// <summary>A domain has been destroyed, and Xen is taking it apart.</summary>
    public void AddEnding(int id)
    {
        var domain = Directory.CreateDirectory(At(id)).FullName;
        foreach (var (file, text) in new[] { ("name", "(null)"), ("uuid", Guid.NewGuid().ToString()), ("paused", "0"), ("memory", "0"), ("cpus", "1"), ("dying", "") })
            File.WriteAllText(Path.Combine(domain, file), text + "\n");
    }

    /// <summary>Xen takes a domain apart.</summary>
    public void Remove(int id) => Directory.Delete(At(id), recursive: true);

    /// <param name="verb"><c>create</c> or <c>list</c>.</param>
    /// <param name="times">How often xl fails at it from now on.</param>
    public void Fail(string verb, int times = 1) =>
        File.WriteAllText(Path.Combine(State, "fail-" + verb), times.ToString(CultureInfo.InvariantCulture));

    /// <summary>A node of the store has this value from now on.</summary>
    public void Store(string node, string value)
    {
        lock (_lock) _nodes[node] = value;
    }

    /// <summary>The guest ends by itself.</summary>
    public void EndGuest(int id, int reason)
    {
        File.WriteAllText(Path.Combine(At(id), "shutdown"), reason.ToString(CultureInfo.InvariantCulture) + "\n");
        AnnounceEnd();
    }

    /// <summary>The one directory of a copy.</summary>
    public string CopyDirectory => CopyDirectories.Single();

    public string[] CopyDirectories => Directory.GetDirectories(At("run/copies"));

    /// <summary>A process of the one copy (xl, holder), by its number.</summary>
    public int ProcessOf(string part) => int.Parse(File.ReadAllText(Path.Combine(CopyDirectory, part)), CultureInfo.InvariantCulture);

    public bool HasCopies => Directory.Exists(At("run/copies")) && Directory.GetDirectories(At("run/copies")).Length > 0;

    /// <summary>xenstored tells those who watch.</summary>
    public void AnnounceEnd()
    {
        lock (_lock)
        {
            foreach (var (socket, token) in _watches) Send(socket, 15, 0, $"@releaseDomain\0{token}\0");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Hypervisor.DisposeAsync();
        _listener.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptAsync());
        }
        catch (SocketException)
        {
            // The test is over.
        }
        catch (ObjectDisposedException)
        {
            // The same.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        var header = new byte[16];
        try
        {
            while (true)
            {
                await stream.ReadExactlyAsync(header);
                var (type, id) = (BinaryPrimitives.ReadUInt32LittleEndian(header), BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)));
                var payload = new byte[BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(12))];
                await stream.ReadExactlyAsync(payload);
                var words = Encoding.UTF8.GetString(payload).Split('\0');
                lock (_lock)
                {
                    if (type == 4 && words[0] == "@releaseDomain") _watches.Add((socket, words[1]));
                    if (type == 5) _watches.RemoveAll(watch => watch.Token == words[1]);
                    var value = type == 2 ? _nodes.GetValueOrDefault(words[0]) : "OK\0";
                    Send(socket, value is null ? 16 : type, id, value ?? "ENOENT\0");
                    // As the real one does.
                    if (type == 4) Send(socket, 15, 0, $"{words[0]}\0{words[1]}\0");
                }
            }
        }
        catch (IOException)
        {
            lock (_lock) _watches.RemoveAll(watch => watch.Socket == socket);
        }
    }

    private static void Send(Socket socket, uint type, uint id, string payload)
    {
        var bytes = Encoding.UTF8.GetBytes(payload);
        var message = new byte[16 + bytes.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(message, type);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(4), id);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(12), (uint)bytes.Length);
        bytes.CopyTo(message, 16);
        socket.Send(message);
    }

    private string At(string name) => Path.Combine(_directory, name);

    private string At(int domain) => Path.Combine(State, domain.ToString(CultureInfo.InvariantCulture));

    [GeneratedRegex(@"(?m)^(free_memory +: )\d+$")]
    private static partial Regex FreeMemory();
}
