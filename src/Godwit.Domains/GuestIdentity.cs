using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Godwit.Domains;

/// <summary>What makes a guest different from the others of its image: who it is, where it is, and who may enter.</summary>
public sealed partial record GuestIdentity
{
    public required string HostName { get; init; }

    /// <summary>Address of its first interface with the length of the prefix, such as <c>10.9.0.21/24</c>; null asks DHCP.</summary>
    public string? Address { get; init; }

    public string? Gateway { get; init; }

    /// <summary>Addresses of name servers.</summary>
    public ImmutableArray<string> NameServers { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Public keys, a line each as in authorized_keys, that let in as root.</summary>
    public ImmutableArray<string> SshKeys { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Root's password as crypt(5) has it; null leaves root without one. The password itself stays where it was typed.</summary>
    public string? PasswordHash { get; init; }

    public const string BadIdentity = "bad-guest";

    /// <summary>Judges all of it: what is written into files of a guest must not be more than it seems.</summary>
    /// <exception cref="GodwitException">Something in it cannot be.</exception>
    public void Check()
    {
        if (!HostNameForm().IsMatch(HostName))
            throw Wrong($"'{Shown(HostName)}' cannot be the name of a host", "Use up to 63 letters, digits and -, not beginning or ending with -.");
        var own = Address is null ? null : (IPNetwork?)Subnet(Address);
        if (Gateway is not null)
        {
            if (own is not { } subnet)
                throw Wrong("a gateway needs an address beside it", "Give the guest's own address with --ip, or neither.");
            if (!IPAddress.TryParse(Gateway, out var gateway) || !subnet.Contains(gateway))
                throw Wrong($"the gateway '{Shown(Gateway)}' is no address in {subnet}", "Give the router's address in the guest's own network.");
        }
        if (NameServers.FirstOrDefault(server => !IPAddress.TryParse(server, out _)) is { } wrong)
            throw Wrong($"the name server '{Shown(wrong)}' is no address", "Give an IP address.");
        if (SshKeys.FirstOrDefault(key => !SshKeyForm().IsMatch(key)) is { } notKey)
            throw Wrong($"'{Shown(notKey)}' is not a public key of SSH", "Give a line of a .pub file, such as ssh-ed25519 AAAA… name; never the private key.");
        if (PasswordHash is not null && !HashForm().IsMatch(PasswordHash))
            throw Wrong("the password is not given as a hash that crypt(5) knows", "Let godwit read the password itself: --password-file FILE, or - for standard input.");
    }

    private static IPNetwork Subnet(string address)
    {
        var slash = address.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && IPAddress.TryParse(address.AsSpan(0, slash), out var ip) && int.TryParse(address.AsSpan(slash + 1), out var prefix)
            && prefix >= 1 && prefix <= (ip.AddressFamily == AddressFamily.InterNetwork ? 32 : 128))
            return new IPNetwork(Masked(ip, prefix), prefix);
        throw Wrong($"'{Shown(address)}' is no address with the length of its prefix", "Write it like 10.9.0.21/24.");
    }

    // IPNetwork itself refuses an address that has bits behind its prefix.
    private static IPAddress Masked(IPAddress address, int prefix)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(prefix - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - kept));
        }
        return new IPAddress(bytes);
    }

    private static string Shown(string text) => (text.Length <= 40 ? text : text[..40] + "…").ReplaceLineEndings("\\n");

    private static GodwitException Wrong(string what, string remedy) => new(BadIdentity, $"The guest cannot be as asked: {what}.", remedy);

    /// <summary>RFC 1123, 2.1: one label.</summary>
    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex HostNameForm();

    [GeneratedRegex(@"\A(ssh-(ed25519|rsa)|ecdsa-sha2-[a-z0-9-]+|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]{32,}={0,2}( [^\r\n\0]*)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex SshKeyForm();

    [GeneratedRegex(@"\A\$[a-z0-9]+\$[A-Za-z0-9./$=,-]{8,200}\z", RegexOptions.CultureInvariant)]
    private static partial Regex HashForm();
}
