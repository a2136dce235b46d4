using System.Runtime.InteropServices;

namespace Godwit.Native.Packets;

/// <summary>
/// One instruction of a classic packet filter: linux/filter.h <c>struct sock_filter</c>. Jumps count the
/// instructions to leave out.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct BpfInstruction(ushort Code, byte JumpTrue, byte JumpFalse, uint Value)
{
    /// <summary>linux/filter.h <c>SKF_AD_OFF</c>: from here on are offsets of what the kernel knows of the frame.</summary>
    private const uint Ancillary = 0xFFFF_F000;

    private const ushort LoadHalf = 0x28, LoadByte = 0x30, JumpEqual = 0x15, JumpAnyBit = 0x45, ReturnConstant = 0x06;

    /// <summary>Loads the 16-bit number at an offset from the start of the frame.</summary>
    public static BpfInstruction LoadUInt16(uint offset) => new(LoadHalf, 0, 0, offset);

    /// <summary>Loads the byte at an offset from the start of the frame.</summary>
    public static BpfInstruction LoadUInt8(uint offset) => new(LoadByte, 0, 0, offset);

    /// <summary>Loads whom the frame is for (<c>PACKET_HOST</c> and so on of packet(7)), which is not in the frame.</summary>
    public static BpfInstruction LoadPacketType { get; } = new(LoadByte, 0, 0, Ancillary + 4);

    /// <summary>Loads 1 where a VLAN tag stood in the frame, and 0 where none did.</summary>
    public static BpfInstruction LoadHasVlanTag { get; } = new(LoadByte, 0, 0, Ancillary + 48);

    /// <summary><c>PACKET_OTHERHOST</c>.</summary>
    public const uint ToOtherHost = 3;

    public static BpfInstruction IfEqual(uint value, byte then, byte otherwise) => new(JumpEqual, then, otherwise, value);

    public static BpfInstruction IfAnyBit(uint mask, byte then, byte otherwise) => new(JumpAnyBit, then, otherwise, mask);

    /// <summary>Takes the whole frame.</summary>
    public static BpfInstruction Accept { get; } = new(ReturnConstant, 0, 0, uint.MaxValue);

    /// <summary>Takes the beginning of the frame.</summary>
    public static BpfInstruction AcceptFirst(uint bytes) => new(ReturnConstant, 0, 0, bytes);

    public static BpfInstruction Drop { get; } = new(ReturnConstant, 0, 0, 0);
}
