using System.Buffers.Binary;

namespace Godwit.Aoe.Tests.Relay;

/// <summary>
/// What was written to each sector and when, so that it is known what a read may show: a write that was under way together with
/// others may come before or after them, but one that another has followed, from its beginning to its end, is never seen again.
/// </summary>
internal sealed class WriteHistory(int sectors)
{
    private const int SectorBytes = 512;
    private readonly Lock _gate = new();
    private readonly List<Write> _writes = [new Write { Began = 0, Ended = 0 }];
    private readonly List<int>[] _ofSector = [.. Enumerable.Range(0, sectors).Select(_ => new List<int> { 0 })];
    private long _clock;

    /// <summary>A write begins: its number, and the data, which shows it in each sector.</summary>
    public (int Number, byte[] Data) Begin(int sector, int count)
    {
        int number;
        lock (_gate)
        {
            number = _writes.Count;
            _writes.Add(new Write { Began = ++_clock, Ended = long.MaxValue });
            for (var i = 0; i < count; i++) _ofSector[sector + i].Add(number);
        }
        var data = new byte[count * SectorBytes];
        for (var at = 0; at < data.Length; at += sizeof(int)) BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(at), number);
        return (number, data);
    }

    public void End(int number)
    {
        lock (_gate) _writes[number].Ended = ++_clock;
    }

    /// <summary>The time, to be taken before a read is asked for.</summary>
    public long Now
    {
        get
        {
            lock (_gate) return ++_clock;
        }
    }

    /// <summary>What is wrong with what a read has shown; null when nothing is.</summary>
    public string? Judge(int sector, ReadOnlySpan<byte> data, long readBegan)
    {
        lock (_gate)
        {
            for (var i = 0; i * SectorBytes < data.Length; i++)
            {
                var shown = data.Slice(i * SectorBytes, SectorBytes);
                var number = BinaryPrimitives.ReadInt32LittleEndian(shown);
                var known = _ofSector[sector + i];
                if (!known.Contains(number) || !IsWhole(shown)) return $"sector {sector + i} shows {number}, which was never written there";
                var ended = _writes[number].Ended;
                foreach (var later in known)
                {
                    if (_writes[later].Began > ended && _writes[later].Ended < readBegan)
                        return $"sector {sector + i} shows write {number}, which write {later} has replaced";
                }
            }
        }
        return null;
    }

    private static bool IsWhole(ReadOnlySpan<byte> sector)
    {
        for (var at = sizeof(int); at < sector.Length; at++)
        {
            if (sector[at] != sector[at - sizeof(int)]) return false;
        }
        return true;
    }

    private sealed class Write
    {
        public long Began { get; init; }

        public long Ended { get; set; }
    }
}
