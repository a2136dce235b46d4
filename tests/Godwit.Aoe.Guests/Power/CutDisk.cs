using System.Buffers.Binary;

namespace Godwit.Aoe.Guests.Power;

/// <summary>
/// What a writer has put where. Each sector of a block names the block and the version; a block has to hold at least the version that
/// was promised, and none that was never sent.
/// </summary>
public sealed class CutDisk(int blocks)
{
    public const int BlockBytes = 4096;
    private const int SectorBytes = 512;
    private readonly long[] _sent = new long[blocks];
    private readonly long[] _promised = new long[blocks];

    public int Blocks => blocks;

    /// <summary>Blocks that have a promise.</summary>
    public int Promised => _promised.Count(version => version > 0);

    /// <summary>The next version of a block is on its way.</summary>
    public long Send(int block, Span<byte> data)
    {
        var version = ++_sent[block];
        for (var at = 0; at < BlockBytes; at += SectorBytes)
        {
            data.Slice(at, SectorBytes).Fill((byte)version);
            BinaryPrimitives.WriteInt64LittleEndian(data[at..], block);
            BinaryPrimitives.WriteInt64LittleEndian(data[(at + 8)..], version);
        }
        return version;
    }

    /// <summary>The target has said, by its answer or by that of a later flush, that the version is on stable storage.</summary>
    public void Promise(int block, long version) => _promised[block] = Math.Max(_promised[block], version);

    /// <returns>What is wrong with a block; null when nothing is.</returns>
    public string? Check(int block, ReadOnlySpan<byte> data)
    {
        for (var at = 0; at < BlockBytes; at += SectorBytes)
        {
            var sector = data.Slice(at, SectorBytes);
            var (named, version) = (BinaryPrimitives.ReadInt64LittleEndian(sector), BinaryPrimitives.ReadInt64LittleEndian(sector[8..]));
            var sound = version == 0 ? sector.IndexOfAnyExcept((byte)0) < 0 : named == block && sector[16..].IndexOfAnyExcept((byte)version) < 0;
            if (!sound) return $"block {block} byte {at}: the sector is not one that was written";
            if (version < _promised[block] || version > _sent[block])
                return $"block {block} byte {at}: version {version}; promised were {_promised[block]}, sent {_sent[block]}";
        }
        return null;
    }
}
