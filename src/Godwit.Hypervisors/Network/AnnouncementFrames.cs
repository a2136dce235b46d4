using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Godwit.Domains;

namespace Godwit.Hypervisors.Network;

/// <summary>
/// Frames in a guest's name that tell switches and neighbours where it is.
/// <code>
/// Ethernet   0 destination (6)   6 source (6)   12 EtherType
/// ARP/RARP  14 hardware 1   16 protocol 0x0800   18 lengths 6, 4   20 operation        RFC 826, RFC 903
///           22 sender MAC   28 sender IP         32 target MAC     38 target IP
/// IPv6      14 version 6    18 payload length    20 next header 58 21 hop limit 255    RFC 8200
///           22 source (16)  38 destination (16)
/// NA        54 type 136     55 code 0            56 checksum       58 flags            RFC 4861 4.4
///           62 target (16)  78 option 2 (target link-layer address), 79 length 1, 80 MAC
/// </code>
/// </summary>
internal static class AnnouncementFrames
{
    private const int Shortest = 60;
    private const ushort EtherTypeIPv4 = 0x0800, EtherTypeArp = 0x0806, EtherTypeRarp = 0x8035, EtherTypeIPv6 = 0x86dd;
    private const ushort ArpRequest = 1, ArpReply = 2, RarpRequest = 3;
    private const byte IcmpV6 = 58, NeighbourAdvertisement = 136, OverrideFlag = 0x20;
    private const int IPv6Offset = 14, IcmpOffset = 54, IcmpLength = 32;
    private static readonly MacAddress Broadcast = new(0xffffffffffff);
    private static readonly MacAddress AllNodesMac = new(0x333300000001);
    private static readonly IPAddress AllNodes = IPAddress.Parse("ff02::1");

    /// <summary>All frames for a guest: RARP first, which needs no address and moves every switch.</summary>
    public static List<byte[]> Make(MacAddress mac, IEnumerable<IPAddress> addresses)
    {
        List<byte[]> frames = [Rarp(mac)];
        foreach (var address in addresses)
        {
            if (address.AddressFamily == AddressFamily.InterNetwork)
            {
                // Some neighbours heed only requests, some only replies (RFC 5227 section 3).
                frames.Add(Arp(mac, address, ArpRequest));
                frames.Add(Arp(mac, address, ArpReply));
            }
            else if (address.AddressFamily == AddressFamily.InterNetworkV6)
            {
                frames.Add(Advertisement(mac, address));
            }
        }
        return frames;
    }

    private static byte[] Rarp(MacAddress mac) => ArpFrame(mac, EtherTypeRarp, RarpRequest, IPAddress.Any, mac);

    private static byte[] Arp(MacAddress mac, IPAddress address, ushort operation) =>
        ArpFrame(mac, EtherTypeArp, operation, address, operation == ArpReply ? Broadcast : default);

    private static byte[] ArpFrame(MacAddress mac, ushort etherType, ushort operation, IPAddress address, MacAddress target)
    {
        var frame = Ethernet(Broadcast, mac, etherType, Shortest);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(14), 1);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(16), EtherTypeIPv4);
        frame[18] = MacAddress.Length;
        frame[19] = 4;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(20), operation);
        mac.Write(frame.AsSpan(22));
        address.TryWriteBytes(frame.AsSpan(28), out _);
        target.Write(frame.AsSpan(32));
        address.TryWriteBytes(frame.AsSpan(38), out _);
        return frame;
    }

    private static byte[] Advertisement(MacAddress mac, IPAddress address)
    {
        var frame = Ethernet(AllNodesMac, mac, EtherTypeIPv6, IcmpOffset + IcmpLength);
        frame[IPv6Offset] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(18), IcmpLength);
        frame[20] = IcmpV6;
        frame[21] = 255;
        address.TryWriteBytes(frame.AsSpan(22), out _);
        AllNodes.TryWriteBytes(frame.AsSpan(38), out _);
        frame[IcmpOffset] = NeighbourAdvertisement;
        frame[58] = OverrideFlag;
        address.TryWriteBytes(frame.AsSpan(62), out _);
        frame[78] = 2;
        frame[79] = 1;
        mac.Write(frame.AsSpan(80));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(56), Checksum(frame));
        return frame;
    }

    private static byte[] Ethernet(MacAddress destination, MacAddress source, ushort etherType, int length)
    {
        var frame = new byte[Math.Max(length, Shortest)];
        destination.Write(frame);
        source.Write(frame.AsSpan(6));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), etherType);
        return frame;
    }

    /// <summary>RFC 4443 section 2.3: over both addresses, the length, the next header and the message.</summary>
    private static ushort Checksum(ReadOnlySpan<byte> frame)
    {
        uint sum = IcmpLength + IcmpV6;
        for (var i = 22; i < IcmpOffset + IcmpLength; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(frame[i..]);
        while (sum > ushort.MaxValue) sum = (sum & ushort.MaxValue) + (sum >> 16);
        return (ushort)~sum;
    }
}
