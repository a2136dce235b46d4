using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Godwit.Domains.Config;

/// <summary>
/// Ethernet addresses for interfaces that are given none, in Xen's range 00:16:3e. They follow from the domain's
/// identity: checking a file shows the address that the domain will have, and creating it anew gives it the same, so
/// that leases and firewall rules stay true.
/// </summary>
internal static class GeneratedMac
{
    private const ulong AssignedRange = 0x00163e_000000;

    public static MacAddress For(string domain, Guid uuid, int index)
    {
        var identity = string.Create(CultureInfo.InvariantCulture, $"{domain}/{uuid}/{index}");
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(identity));
        return new MacAddress(AssignedRange | ((ulong)(hash[0] & 0x7f) << 16) | ((ulong)hash[1] << 8) | hash[2]);
    }
}
