using System.Runtime.InteropServices;

namespace Godwit.Native.Packets;

/// <summary>
/// One instruction of a classic packet filter: linux/filter.h <c>struct sock_filter</c>. Jumps count the
/// instructions to leave out.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct BpfInstruction(ushort Code, byte JumpTrue, byte JumpFalse, uint Value)
{
    private const ushort LoadHalf = 0x28, LoadByte = 0x30, JumpEqual = 0x15, JumpAnyBit = 0x45, ReturnConstant = 0x06;

    /// <summary>Loads the 16-bit number at an offset from the start of the frame.</summary>
    public static BpfInstruction LoadUInt16(uint offset) => new(LoadHalf, 0, 0, offset);

    /// <summary>Loads the byte at an offset from the start of the frame.</summary>
    public static BpfInstruction LoadUInt8(uint offset) => new(LoadByte, 0, 0, offset);

    public static BpfInstruction IfEqual(uint value, byte then, byte otherwise) => new(JumpEqual, then, otherwise, value);

    public static BpfInstruction IfAnyBit(uint mask, byte then, byte otherwise) => new(JumpAnyBit, then, otherwise, mask);

    /// <summary>Takes the whole frame.</summary>
    public static BpfInstruction Accept { get; } = new(ReturnConstant, 0, 0, uint.MaxValue);

    /// <summary>Takes the beginning of the frame.</summary>
    public static BpfInstruction AcceptFirst(uint bytes) => new(ReturnConstant, 0, 0, bytes);

    public static BpfInstruction Drop { get; } = new(ReturnConstant, 0, 0, 0);
}
