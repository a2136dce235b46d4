using Godwit.Aoe.Control;
using Godwit.Aoe.Target;
using Godwit.Aoe.Tests.EndToEnd;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Godwit.Native.Packets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Aoe.Tests.Target;

/// <summary>A veth pair with a target of this process on one end, and a hand on the other that sends and sees frames as they are.</summary>
internal sealed class ServedCable : IAsyncDisposable
{
    private static int _count;
    private readonly TemporaryDirectory _directory = new();
    private readonly string _near, _far;
    private readonly TargetSet _targets = new(
        (name, settings) => PacketLink.Open(name, AoeFilters.Requests(settings.Address), settings.FramesAtOnce), NullLogger.Instance);
    private PacketLink _hand = null!;
    private uint _sequence;

    private ServedCable()
    {
        Assert.SkipUnless(VethPair.Possible, "needs root and ip");
        var unique = $"gs{Environment.ProcessId}c{Interlocked.Increment(ref _count)}";
        (_near, _far) = (unique + "n", unique + "f");
    }

    public AoeTarget Target { get; private set; } = null!;

    public string Interface => _far;

    /// <summary>Of the other end.</summary>
    public string NearInterface => _near;

    public static async Task<ServedCable> MakeAsync(int mtu, int buffers = 128)
    {
        var cable = new ServedCable();
        cable.Lay(mtu);
        using (var disk = File.Create(cable._directory.File("disk"))) disk.SetLength(1 << 20);
        cable.Target = await cable._targets.AddAsync(
            new ExportOrder { Path = cable._directory.File("disk"), Device = "e0.0", Interfaces = [cable._far], Buffers = buffers },
            TestContext.Current.CancellationToken);
        return cable;
    }

    public async ValueTask DisposeAsync()
    {
        await _targets.DisposeAsync();
        _hand.Dispose();
        VethPair.Run("ip", "link", "del", _near);
        _directory.Dispose();
    }

    public MacAddress NearAddress => MacAddress.Read(PacketInterface.Find(_near).Address.Span);

    /// <summary>The address of the target's end as it is now.</summary>
    public MacAddress TargetAddress => MacAddress.Read(PacketInterface.Find(_far).Address.Span);

    public void Lay(int mtu)
    {
        Ip("link", "add", _near, "type", "veth", "peer", "name", _far);
        foreach (var end in new[] { _near, _far }) Ip("link", "set", end, "up");
        // Until the kernel has seen that both are up, which it does in its own time, what is sent is lost.
        foreach (var end in new[] { _near, _far })
        {
            for (var i = 0; i < 300 && File.ReadAllText($"/sys/class/net/{end}/operstate").Trim() != "up"; i++) Thread.Sleep(10);
        }
        SetMtu(mtu);
        _hand?.Dispose();
        _hand = PacketLink.Open(_near, AoeFilters.AllAnswers);
    }

    public void Cut() => Ip("link", "del", _near);

    public void SetMtu(int mtu)
    {
        foreach (var end in new[] { _near, _far }) Ip("link", "set", end, "mtu", $"{mtu}");
    }

    public static void Ip(params string[] arguments)
    {
        var (code, output) = VethPair.Run("ip", arguments);
        Assert.True(code == 0, $"ip {string.Join(' ', arguments)}: {output}");
    }

    public byte[] Request(byte command, long lba = 0, int sectors = 0, byte[]? data = null, MacAddress? to = null)
    {
        var frame = TargetBench.Request(command, lba, sectors, data, _hand.Address, sequence: ++_sequence);
        (to ?? TargetAddress).Write(frame);
        return frame;
    }

    public byte[] Query(MacAddress? to = null, AoeAddress? target = null)
    {
        var frame = new byte[60];
        AoeHeader.Request(to ?? TargetAddress, _hand.Address, target ?? TargetBench.Address, AoeCommand.QueryConfig, ++_sequence).Write(frame);
        return frame;
    }

    public void Send(params IReadOnlyList<byte[]> frames)
    {
        var batch = new PacketBatch(frames.Count, frames.Max(f => f.Length));
        foreach (var frame in frames) batch.Add(frame);
        _hand.Send(batch);
    }

    /// <summary>The answer to a frame, by its tag; null when none comes.</summary>
    public byte[]? Ask(byte[] frame, int waitMs = 2000)
    {
        Send(frame);
        return Answers(waitMs, one => one.AsSpan(20, 4).SequenceEqual(frame.AsSpan(20, 4))).LastOrDefault();
    }

    /// <summary>Whether a frame is answered, when it is sent again and again for some seconds.</summary>
    public bool IsAnsweredInTime(Func<byte[]> frame)
    {
        for (var i = 0; i < 50; i++)
        {
            if (Ask(frame(), 100) is not null) return true;
        }
        return false;
    }

    /// <summary>What comes, up to the one that is looked for, which is the last; nothing where it does not come.</summary>
    public List<byte[]> Answers(int waitMs, Func<byte[], bool> isLast)
    {
        List<byte[]> answers = [];
        var batch = new PacketBatch(64, 70_000);
        for (var end = Environment.TickCount64 + waitMs; Environment.TickCount64 < end;)
        {
            _hand.Receive(batch, 50);
            for (var i = 0; i < batch.Count; i++)
            {
                answers.Add(batch[i].ToArray());
                if (isLast(answers[^1])) return answers;
            }
        }
        return [];
    }

    /// <summary>0: no answer. A frame that comes while the target opens its interface anew is lost, as on any network.</summary>
    public int SectorsTold()
    {
        if (Ask(Query()) is not { } answer) return 0;
        Assert.Equal(MalformedFrame.No, ConfigSection.TryRead(answer, out var config));
        return config.SectorsPerFrame;
    }

    /// <summary>Where an answer comes from; null: there is none, for the reason of <see cref="SectorsTold"/>.</summary>
    public MacAddress? AnsweringAddress() => Ask(Query()) is { } answer ? MacAddress.Read(answer.AsSpan(6)) : null;

    public void AssertWritesAndReads(int sectors, byte fill)
    {
        byte[] data = [.. Enumerable.Repeat(fill, sectors * 512)];
        var written = Ask(Request(AtaCommand.WriteExt, 3, sectors, data));
        Assert.True(written is not null && written[15] == 0 && (written[27] & AtaStatus.AnyFailure) == 0, $"a write of {sectors} sectors");
        var read = Ask(Request(AtaCommand.ReadExt, 3, sectors));
        Assert.True(read is not null && read.AsSpan(AtaSection.DataAt).SequenceEqual(data), $"a read of {sectors} sectors");
    }

    public byte FirstByte()
    {
        var read = Ask(Request(AtaCommand.ReadExt, 0, 1));
        return read![AtaSection.DataAt];
    }
}
