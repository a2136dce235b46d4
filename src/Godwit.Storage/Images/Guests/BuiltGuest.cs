using System.Security.Cryptography;
using Godwit.Domains;

namespace Godwit.Storage.Images.Guests;

/// <summary>The article's fix-ups in today's form: what is written into the disk of a guest whose image was built here.</summary>
internal static class BuiltGuest
{
    /// <param name="identity">Who the guest is.</param>
    /// <param name="mac">Its first interface; null where it has none.</param>
    /// <param name="shadow">The image's /etc/shadow.</param>
    /// <param name="hostKeys">Its SSH host keys.</param>
    public static IReadOnlyList<GuestFile> Files(GuestIdentity identity, MacAddress? mac, string shadow, IEnumerable<GuestFile> hostKeys)
    {
        List<GuestFile> files =
        [
            new("/etc/hostname", identity.HostName + "\n"),
            new("/etc/hosts", $"127.0.0.1 localhost\n{Own(identity)} {identity.HostName}\n::1 localhost ip6-localhost ip6-loopback\n"),
            new("/etc/machine-id", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) + "\n"),
            .. hostKeys,
        ];
        if (mac is { } address)
            files.Add(new("/etc/systemd/network/10-godwit.network", Network(identity, address)));
        if (identity.PasswordHash is { } hash)
            files.Add(new("/etc/shadow", RootPassword.Replace(shadow, hash), GuestFile.Secret));
        if (!identity.SshKeys.IsEmpty)
            files.Add(new("/root/.ssh/authorized_keys", string.Concat(identity.SshKeys.Select(key => key + "\n")), GuestFile.Secret));
        return files;
    }

    private static string Own(GuestIdentity identity) => identity.Address?.Split('/')[0] ?? "127.0.1.1";

    /// <summary>systemd.network(5).</summary>
    private static string Network(GuestIdentity identity, MacAddress mac)
    {
        List<string> lines = ["[Match]", $"MACAddress={mac}", "", "[Network]"];
        lines.Add(identity.Address is { } address ? $"Address={address}" : "DHCP=yes");
        if (identity.Gateway is { } gateway)
            lines.Add($"Gateway={gateway}");
        lines.AddRange(identity.NameServers.Select(server => $"DNS={server}"));
        return string.Join('\n', lines) + "\n";
    }
}
