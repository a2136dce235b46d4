namespace Godwit.Domains.Tests;

public sealed class GuestIdentityTests
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJpgp6yQ0V9Y3lXcZ2oTtYkz9hVnqLwQ3mN4rS5tUvWx";
    private static readonly GuestIdentity s_plain = new() { HostName = "web1", Address = "10.9.0.21/24" };

    private static readonly GuestIdentity[] s_good =
    [
        s_plain,
        new GuestIdentity { HostName = "a" },
        s_plain with { Gateway = "10.9.0.1", NameServers = ["10.9.0.2", "2001:db8::1"] },
        s_plain with { Address = "2001:db8::21/64", Gateway = "2001:db8::1" },
        s_plain with { SshKeys = [Key, Key + " me@home, \"at work\"", Key.Replace("ssh-ed25519", "ecdsa-sha2-nistp256", StringComparison.Ordinal)] },
        s_plain with { PasswordHash = "$6$abcdefgh$0123456789abcdefghij./" },
        s_plain with { PasswordHash = "$y$j9T$abc$0123456789abcdefghij./" },
    ];

    private static readonly (GuestIdentity Identity, string Words)[] s_bad =
    [
        (s_plain with { HostName = "" }, "name of a host"),
        (s_plain with { HostName = "web_1" }, "name of a host"),
        (s_plain with { HostName = "-web" }, "name of a host"),
        (s_plain with { HostName = "web1\n127.0.0.1 bank" }, "name of a host"),
        (s_plain with { HostName = "web1\n" }, "name of a host"),
        (s_plain with { HostName = new string('a', 64) }, "name of a host"),
        (s_plain with { Address = "10.9.0.21" }, "length of its prefix"),
        (s_plain with { Address = "10.9.0.21/33" }, "length of its prefix"),
        (s_plain with { Address = "10.9.0.21/0" }, "length of its prefix"),
        (s_plain with { Address = "10.9.0.21/24\nDNS=1.2.3.4" }, "length of its prefix"),
        (s_plain with { Address = "ten/24" }, "length of its prefix"),
        (s_plain with { Gateway = "10.9.1.1" }, "no address in 10.9.0.0/24"),
        (s_plain with { Gateway = "2001:db8::1" }, "no address in 10.9.0.0/24"),
        (new GuestIdentity { HostName = "web1", Gateway = "10.9.0.1" }, "needs an address"),
        (s_plain with { NameServers = ["dns.example"] }, "name server"),
        (s_plain with { SshKeys = ["-----BEGIN OPENSSH PRIVATE KEY-----"] }, "public key"),
        (s_plain with { SshKeys = [Key + "\nssh-rsa AAAA"] }, "public key"),
        (s_plain with { SshKeys = ["command=\"sh\" " + Key] }, "public key"),
        (s_plain with { PasswordHash = "secret" }, "hash"),
        (s_plain with { PasswordHash = "$6$salt$hash12345:0:0:::\nroot2:" }, "hash"),
        (s_plain with { PasswordHash = "*" }, "hash"),
    ];

    [Fact]
    public void WhatCanBeIsTaken() => Assert.All(s_good, identity => identity.Check());

    [Fact]
    public void WhatCannotBeIsRefused() => Assert.All(s_bad, one =>
    {
        var refused = Assert.Throws<GodwitException>(one.Identity.Check);
        Assert.Equal("bad-guest", refused.Code);
        Assert.Contains(one.Words, refused.Message, StringComparison.Ordinal);
        Assert.NotNull(refused.Remedy);
        Assert.DoesNotContain('\n', refused.Message);
    });
}
