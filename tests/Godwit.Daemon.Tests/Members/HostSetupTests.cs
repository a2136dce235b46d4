using System.Net;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Domains;

namespace Godwit.Daemon.Tests.Members;

/// <summary>What a host becomes that enters a pool, on a host with eth0 (10.9.0.11, the way out) and eth1 (10.8.0.11).</summary>
public sealed class HostSetupTests
{
    private static readonly IPAddress Out = IPAddress.Parse("10.9.0.11"), Inner = IPAddress.Parse("10.8.0.11");
    private static readonly IPAddress Member = IPAddress.Parse("10.8.0.10");

    [Fact]
    public void Without_a_word_all_of_it_is_found_out()
    {
        var settled = Setup().Settle(null, ["compute"], Member);
        Assert.Equal("10.8.0.11:8002", settled.Endpoint);
        Assert.Equal(["compute"], settled.Roles);
        Assert.Equal(["eth1"], settled.Storage.Interfaces);
        Assert.Equal(Out, Setup().Settle(null, ["storage"], member: null).Address);
    }

    [Fact]
    public void What_is_asked_for_goes_before_what_is_found_out()
    {
        var settled = Setup().Settle(new HostChoices(["storage", "registry", "storage"], ["eth1", "eth0"], "10.9.0.11"), ["compute"], Member);
        Assert.Equal("10.9.0.11:8002", settled.Endpoint);
        Assert.Equal(["storage", "registry"], settled.Roles);
        Assert.Equal(["eth1", "eth0"], settled.Storage.Interfaces);
    }

    [Fact]
    public void The_file_goes_before_all_and_only_what_it_does_not_say_is_kept()
    {
        var setup = Setup(new HostSettings { Address = Out, Interfaces = ["san0"] });
        // The order of interfaces is no other wish, and neither is the same once more.
        var settled = setup.Settle(new HostChoices(["compute"], null, "10.9.0.11"), ["storage"], Member);
        Assert.Equal(("10.9.0.11:8002", "san0", "compute"), (settled.Endpoint, Assert.Single(settled.Storage.Interfaces), Assert.Single(settled.Roles)));
        Assert.Equal(new HostSettings { Name = "here", Roles = settled.Roles }, setup.ToKeep(settled));
    }

    [Theory]
    [InlineData("compute,storrage", null, null, "bad-roles", "Did you mean storage?")]
    [InlineData("", null, null, "bad-roles", "Known are compute, registry, storage.")]
    [InlineData(null, "eth2", null, "no-such-interface", "Did you mean eth0?")]
    [InlineData(null, null, "storage", "bad-address", "10.9.0.11")]
    [InlineData(null, null, "10.7.0.1", "no-such-address", "It has 10.9.0.11, 10.8.0.11.")]
    public void What_has_no_meaning_here_is_refused_with_what_has(string? roles, string? card, string? address, string code, string remedy)
    {
        var asked = new HostChoices(roles is null ? null : [.. roles.Split(',', StringSplitOptions.RemoveEmptyEntries)], card is null ? null : [card], address);
        var e = Assert.Throws<GodwitException>(() => Setup().Settle(asked, ["compute"], Member));
        Assert.Equal(code, e.Code);
        Assert.Contains(remedy, e.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("registry", null, null, "roles to compute")]
    [InlineData(null, "eth1", null, "[storage] interface to eth0")]
    [InlineData(null, null, "10.8.0.11", "address to 10.9.0.11")]
    public void Another_wish_than_the_files_is_refused(string? role, string? card, string? address, string said)
    {
        var setup = Setup(new HostSettings { Roles = ["compute"], Interfaces = ["eth0"], Address = Out });
        var e = Assert.Throws<GodwitException>(
            () => setup.Settle(new HostChoices(role is null ? null : [role], card is null ? null : [card], address), ["compute"], Member));
        Assert.Equal("set-in-file", e.Code);
        Assert.Contains(said, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_daemon_begins_anew_only_where_something_changes()
    {
        var setup = Setup();
        var same = setup.Settle(new HostChoices(["compute"], null, "10.9.0.11"), ["compute"], Member) with { Storage = new StorageConfig() };
        Assert.False(setup.Changes(same));
        Assert.True(setup.Changes(same with { Roles = ["storage"] }));
        Assert.True(setup.Changes(same with { Address = Inner }));
        Assert.True(setup.Changes(same with { Storage = new StorageConfig { Interfaces = ["eth1"] } }));
    }

    [Fact]
    public void The_ways_of_this_machine_are_found()
    {
        var view = new NetworkView();
        Assert.Equal(IPAddress.Loopback, view.SourceTowards(IPAddress.Loopback));
        Assert.Null(view.InterfaceOf(IPAddress.Loopback));
        foreach (var address in view.Addresses)
            Assert.Contains(view.InterfaceOf(address), view.Interfaces);
    }

    private static HostSetup Setup(HostSettings? said = null) => new(
        new DaemonConfig { Name = "here", Address = Out, Said = said ?? HostSettings.None }, new TwoCards());

    private sealed class TwoCards : INetworkView
    {
        public IReadOnlyCollection<string> Interfaces => ["eth0", "eth1"];

        public IEnumerable<IPAddress> Addresses => [Out, Inner];

        public string? InterfaceOf(IPAddress address) => address.Equals(Out) ? "eth0" : address.Equals(Inner) ? "eth1" : null;

        public IPAddress? SourceTowards(IPAddress? other) => other is null ? Out : Inner;
    }
}
