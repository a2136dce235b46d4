using System.Diagnostics;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Godwit.Native.Packets;

namespace Godwit.Aoe.Guests.Power;

/// <summary>
/// An initiator that never flushes and has asked for no write cache, as the Linux driver: an answered write is a promise. Eight are on
/// their way at a time, each to blocks of its own.
/// </summary>
internal sealed class DurableWriter(IFrameLink link, AoeAddress target, CutDisk disk, Random random)
{
    private const int Depth = 8;
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(300);
    private readonly PacketBatch _batch = new(Depth, 9100);
    private readonly PacketBatch _incoming = new(64, 9100);
    private readonly byte[][] _data = [.. Enumerable.Range(0, Depth).Select(_ => new byte[CutDisk.BlockBytes])];
    private readonly (uint Tag, int Block, long Version, long SentAt)[] _writes = new (uint, int, long, long)[Depth];
    private uint _tag;

    public long Answered { get; private set; }

    /// <summary>Writes until it is told to stop; what is on its way then stays without an answer.</summary>
    public void Run(CancellationToken stop)
    {
        for (var i = 0; i < Depth; i++) Write(i);
        while (!stop.IsCancellationRequested)
        {
            link.Receive(_incoming, 20);
            for (var i = 0; i < _incoming.Count; i++) Take(_incoming[i]);
            for (var i = 0; i < Depth; i++)
            {
                if (Stopwatch.GetElapsedTime(_writes[i].SentAt) > s_patience) Send(i);
            }
        }
    }

    private void Take(ReadOnlySpan<byte> frame)
    {
        if (AoeHeader.TryRead(frame, out var header) != MalformedFrame.No || !header.IsResponse || header.Error != AoeError.None
            || AtaSection.TryRead(frame, out var ata) != MalformedFrame.No || (ata.Command & AtaStatus.AnyFailure) != 0) return;
        var i = Array.FindIndex(_writes, write => write.Tag == header.Tag);
        if (i < 0) return;
        disk.Promise(_writes[i].Block, _writes[i].Version);
        Answered++;
        Write(i);
    }

    private void Write(int i)
    {
        var block = random.Next(disk.Blocks / Depth) * Depth + i;
        _writes[i] = (++_tag & 0x7FFF_FFFF, block, disk.Send(block, _data[i]), 0);
        Send(i);
    }

    private void Send(int i)
    {
        const int Sectors = CutDisk.BlockBytes / AoeProtocol.SectorBytes;
        _batch.Clear();
        var frame = _batch.Next;
        AoeHeader.Request(new MacAddress(0xFFFF_FFFF_FFFF), link.Address, target, AoeCommand.Ata, _writes[i].Tag).Write(frame);
        new AtaSection
        {
            Flags = AtaFlags.Extended | AtaFlags.Write,
            Command = AtaCommand.WriteExt,
            SectorCount = Sectors,
            Lba = (long)_writes[i].Block * Sectors,
        }.Write(frame);
        _data[i].CopyTo(frame[AtaSection.DataAt..]);
        _batch.Add(AtaSection.DataAt + CutDisk.BlockBytes);
        link.Send(_batch);
        _writes[i].SentAt = Stopwatch.GetTimestamp();
    }
}
