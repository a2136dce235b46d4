using System.Buffers.Binary;
using System.Net;
using Godwit.Domains;
using Godwit.Native.Packets;

namespace Godwit.Hypervisors.Network;

/// <summary>
/// Finds the address that a guest claims as its own in a frame from it. The layout is that of
/// <see cref="AnnouncementFrames"/>; every byte is the guest's and may be anything.
/// </summary>
internal static class AddressReader
{
    private const ushort EtherTypeArp = 0x0806, EtherTypeIPv6 = 0x86dd;
    private const int ArpEnd = 42, NeighbourEnd = 78;
    private const byte IcmpV6 = 58, Solicitation = 135, Advertisement = 136, HopLimit = 255;

    /// <summary>A packet filter that lets pass what <see cref="Read"/> can make something of, and only from this guest.</summary>
    public static BpfInstruction[] Filter(MacAddress mac) =>
    [
        BpfInstruction.LoadUInt16(6), BpfInstruction.IfEqual((uint)(mac.Value >> 32), 0, 12),
        BpfInstruction.LoadUInt16(8), BpfInstruction.IfEqual((uint)(mac.Value >> 16) & 0xffff, 0, 10),
        BpfInstruction.LoadUInt16(10), BpfInstruction.IfEqual((uint)mac.Value & 0xffff, 0, 8),
        BpfInstruction.LoadUInt16(12), BpfInstruction.IfEqual(EtherTypeArp, 5, 0), BpfInstruction.IfEqual(EtherTypeIPv6, 0, 5),
        BpfInstruction.LoadUInt8(20), BpfInstruction.IfEqual(IcmpV6, 0, 3),
        BpfInstruction.LoadUInt8(54), BpfInstruction.IfAnyBit(0x80, 0, 1),
        BpfInstruction.Accept,
        BpfInstruction.Drop,
    ];

    /// <summary>The address, or null where the frame claims none.</summary>
    public static IPAddress? Read(ReadOnlySpan<byte> frame, MacAddress mac)
    {
        if (frame.Length < ArpEnd || MacAddress.Read(frame[6..]) != mac) return null;
        return BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) switch
        {
            EtherTypeArp => ReadArp(frame, mac),
            EtherTypeIPv6 => ReadNeighbour(frame),
            _ => null,
        };
    }

    private static IPAddress? ReadArp(ReadOnlySpan<byte> frame, MacAddress mac)
    {
        // Hardware Ethernet, protocol IPv4, lengths 6 and 4.
        if (!frame.Slice(14, 6).SequenceEqual((ReadOnlySpan<byte>)[0, 1, 8, 0, 6, 4]) || MacAddress.Read(frame[22..]) != mac)
            return null;
        var sender = frame.Slice(28, 4);
        // 0/8 (a probe asks before it claims), loopback, multicast and above are nobody's.
        return sender[0] is 0 or 127 or >= 224 ? null : new IPAddress(sender);
    }

    private static IPAddress? ReadNeighbour(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < NeighbourEnd || frame[20] != IcmpV6 || frame[21] != HopLimit || frame[55] != 0) return null;
        var address = frame[54] switch
        {
            Advertisement => new IPAddress(frame.Slice(62, 16)),
            Solicitation => new IPAddress(frame.Slice(22, 16)),
            _ => null,
        };
        if (address is null || address.IsIPv6Multicast || address.IsIPv4MappedToIPv6
            || IPAddress.IsLoopback(address) || address.Equals(IPAddress.IPv6Any)) return null;
        // Without a zone: it would name an interface of the host.
        return address;
    }
}
