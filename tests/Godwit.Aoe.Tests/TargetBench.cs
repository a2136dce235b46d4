using Godwit.Aoe.Target;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Godwit.Native.Packets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Aoe.Tests;

/// <summary>A target on a memory link, stepped by hand: one request in, its answers out.</summary>
internal sealed class TargetBench
{
    public static readonly AoeAddress Address = new(0, 0);
    public static readonly Guid BootId = new("11111111-2222-3333-4444-555555555555");
    private readonly MemoryLink _ours, _theirs;
    private readonly AoeTarget _target;
    private readonly PacketBatch _batch = new(64, 9100);

    public TargetBench(MemoryMedium medium, Fence? fence = null, ExportSettings? settings = null, int mtu = 9000, TargetStart? start = null)
    {
        (_theirs, _ours) = MemoryLink.Pair(mtu);
        Medium = medium;
        settings ??= new ExportSettings { Address = Address, Path = "memory" };
        Export = fence is null
            ? Export.Standalone(settings, medium, start ?? new TargetStart(BootId), NullLogger.Instance)
            : Export.Managed(settings, medium, fence, start ?? new TargetStart(BootId), NullLogger.Instance);
        _target = new AoeTarget([_theirs], Export, NullLogger.Instance);
    }

    public MemoryMedium Medium { get; }

    public Export Export { get; }

    public AoeTarget Target => _target;

    /// <summary>Of the target's interface.</summary>
    public int Mtu
    {
        set => _theirs.Mtu = value;
    }

    public static MacAddress HostA { get; } = new(0x02_00_00_00_00_A0);

    public static MacAddress HostB { get; } = new(0x02_00_00_00_00_B0);

    /// <summary>Data of some sectors, each byte the same.</summary>
    public static byte[] Sectors(byte value, int count = 1) => [.. Enumerable.Repeat(value, 512 * count)];

    public void Queue(ReadOnlySpan<byte> frame)
    {
        _batch.Clear();
        _batch.Add(frame);
        _ours.Send(_batch);
    }

    public List<byte[]> Step()
    {
        _target.Step(0);
        var answers = new List<byte[]>();
        do
        {
            _ours.Receive(_batch, 0);
            for (var i = 0; i < _batch.Count; i++) answers.Add(_batch[i].ToArray());
        }
        while (_batch.Count > 0);
        return answers;
    }

    public List<byte[]> Send(ReadOnlySpan<byte> frame)
    {
        Queue(frame);
        return Step();
    }

    /// <summary>Sends an ATA command and gives back its one answer.</summary>
    public AtaAnswer Ata(byte command, long lba = 0, int sectors = 0, byte[]? data = null, MacAddress? from = null,
        int session = 0, uint sequence = 1, byte feature = 0)
    {
        var frame = Assert.Single(Send(Request(command, lba, sectors, data, from, session, sequence, feature)));
        Assert.Equal(MalformedFrame.No, AoeHeader.TryRead(frame, out var header));
        if (header.Error != AoeError.None) return new AtaAnswer(header.Error, 0, 0, []);
        Assert.Equal(MalformedFrame.No, AtaSection.TryRead(frame, out var ata));
        return new AtaAnswer(AoeError.None, ata.Command, ata.Feature, frame[AtaSection.DataAt..]);
    }

    public static byte[] Request(byte command, long lba = 0, int sectors = 0, byte[]? data = null, MacAddress? from = null,
        int session = 0, uint sequence = 1, byte feature = 0)
    {
        var frame = new byte[AtaSection.DataAt + (data?.Length ?? 0)];
        AoeHeader.Request(new MacAddress(1), from ?? HostA, Address, AoeCommand.Ata, new FrameTag(session, sequence).Value).Write(frame);
        new AtaSection { Command = command, Lba = lba, SectorCount = (byte)sectors, Feature = feature }.Write(frame);
        data?.CopyTo(frame, AtaSection.DataAt);
        return frame;
    }
}

internal sealed record AtaAnswer(AoeError AoeError, byte Status, byte Error, byte[] Data)
{
    public bool Good => AoeError == AoeError.None && (Status & AtaStatus.AnyFailure) == 0;

    /// <summary>What a fenced initiator gets: an ATA error status, so that its request fails at once.</summary>
    public bool Aborted => AoeError == AoeError.None && (Status & AtaStatus.Error) != 0 && Error == AtaStatus.Aborted;
}
