using System.Buffers.Binary;

namespace Godwit.Aoe.Wire;

/// <summary>What Godwit's target adds to the vendor's words of IDENTIFY; laid out at <see cref="AtaIdentity"/>.</summary>
/// <param name="Standing">What the asking initiator may do, by its address and the session in its tag.</param>
/// <param name="Epoch">Epoch of the fence; 0 without one.</param>
/// <param name="BootId">Drawn anew at each start of the target.</param>
public sealed record GodwitWords(FenceStanding Standing, long Epoch, Guid BootId)
{
    private const int MagicAt = 129 * 2, StandingAt = 134 * 2, EpochAt = 135 * 2, BootIdAt = 139 * 2;

    private static ReadOnlySpan<byte> Magic => "GODW"u8;

    public static GodwitWords? Read(ReadOnlySpan<byte> identity)
    {
        if (!identity.Slice(MagicAt, Magic.Length).SequenceEqual(Magic)) return null;
        return new GodwitWords(
            (FenceStanding)BinaryPrimitives.ReadUInt16LittleEndian(identity[StandingAt..]),
            BinaryPrimitives.ReadInt64LittleEndian(identity[EpochAt..]),
            new Guid(identity.Slice(BootIdAt, 16)));
    }

    public void Write(Span<byte> identity)
    {
        Magic.CopyTo(identity[MagicAt..]);
        BinaryPrimitives.WriteUInt16LittleEndian(identity[StandingAt..], (ushort)Standing);
        BinaryPrimitives.WriteInt64LittleEndian(identity[EpochAt..], Epoch);
        BootId.TryWriteBytes(identity[BootIdAt..]);
    }
}

/// <summary>What a target's fence lets an initiator do.</summary>
public enum FenceStanding
{
    /// <summary>There is no fence.</summary>
    Unfenced = 0,

    /// <summary>Not admitted, or superseded.</summary>
    None,

    Reader,

    Writer,
}
