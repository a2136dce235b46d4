using System.Buffers.Binary;

namespace Godwit.Aoe.Wire;

/// <summary>What Godwit's target adds to the vendor's words of IDENTIFY; laid out at <see cref="AtaIdentity"/>.</summary>
/// <param name="Standing">What the asking initiator may do, by its address and the session in its tag.</param>
/// <param name="Epoch">Epoch of the fence; 0 without one.</param>
/// <param name="BootId">Drawn anew at each start of the target.</param>
/// <param name="Mark">
/// Short for the boot id, and never the same for two starts that follow one another: 1 to 255. Reads, writes and flushes
/// that carry another in their feature register, and trims in their address, are meant for an earlier start, and refused. 0: there is none.
/// </param>
/// <param name="MachineId">
/// Drawn anew at each start of the target's machine: what the target has written and not flushed outlives its process, but
/// not its machine.
/// </param>
public sealed record GodwitWords(FenceStanding Standing, long Epoch, Guid BootId, byte Mark = 0, Guid MachineId = default)
{
    private const int MagicAt = 129 * 2, MarkAt = 131 * 2, StandingAt = 134 * 2, EpochAt = 135 * 2, BootIdAt = 139 * 2, MachineIdAt = 147 * 2;

    private static ReadOnlySpan<byte> Magic => "GODW"u8;

    public static GodwitWords? Read(ReadOnlySpan<byte> identity)
    {
        if (!identity.Slice(MagicAt, Magic.Length).SequenceEqual(Magic)) return null;
        return new GodwitWords(
            (FenceStanding)BinaryPrimitives.ReadUInt16LittleEndian(identity[StandingAt..]),
            BinaryPrimitives.ReadInt64LittleEndian(identity[EpochAt..]),
            new Guid(identity.Slice(BootIdAt, 16)),
            identity[MarkAt],
            new Guid(identity.Slice(MachineIdAt, 16)));
    }

    public void Write(Span<byte> identity)
    {
        Magic.CopyTo(identity[MagicAt..]);
        identity[MarkAt] = Mark;
        BinaryPrimitives.WriteUInt16LittleEndian(identity[StandingAt..], (ushort)Standing);
        BinaryPrimitives.WriteInt64LittleEndian(identity[EpochAt..], Epoch);
        BootId.TryWriteBytes(identity[BootIdAt..]);
        MachineId.TryWriteBytes(identity[MachineIdAt..]);
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
