using System.Collections.Immutable;
using System.Net.Sockets;
using Godwit.Api;
using Godwit.Daemon.Checks;
using Godwit.Domains;

namespace Godwit.Daemon.Tests.Checks;

/// <summary>What measured facts mean: each check with a host that is fit, and with each way in which it is not.</summary>
public sealed class JudgementTests
{
    private const string Plain = "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu vme de pse tsc msr\n";

    [Theory]
    [InlineData("", KvmDevice.Opens, FindingLevel.Warning, "neither vmx nor svm, although /dev/kvm is there")]
    [InlineData("", KvmDevice.Missing, FindingLevel.Warning, "neither vmx nor svm: guests are emulated")]
    [InlineData(" svm", KvmDevice.Opens, FindingLevel.Ok, "the processor has svm")]
    [InlineData(" vmx", KvmDevice.Opens, FindingLevel.Ok, "the processor has vmx")]
    [InlineData(" svm", KvmDevice.Missing, FindingLevel.Warning, "there is no /dev/kvm")]
    [InlineData(" svm", KvmDevice.Denied, FindingLevel.Warning, "may not be opened")]
    [InlineData(" svm", KvmDevice.Fails, FindingLevel.Warning, "does not open")]
    [InlineData(" svmx", KvmDevice.Opens, FindingLevel.Warning, "neither vmx nor svm")]
    internal void Kvm_takes_the_flag_and_the_device(string flags, KvmDevice device, FindingLevel level, string words) =>
        Is(level, words, KvmCheck.Judge(Plain.TrimEnd() + flags + "\n", device));

    [Fact]
    public void The_module_is_the_processors() =>
        Assert.StartsWith("modprobe kvm_intel", KvmCheck.Judge(Plain.TrimEnd() + " vmx\n", KvmDevice.Missing).Remedy, StringComparison.Ordinal);

    [Fact]
    public void A_bridge_is_up_and_leads_somewhere()
    {
        Is(FindingLevel.Error, "no bridge", Assert.Single(BridgeCheck.Judge([])));
        Is(FindingLevel.Ok, "leads to eth0", Assert.Single(BridgeCheck.Judge([new("xenbr0", true, ["eth0"])])));
        var findings = BridgeCheck.Judge([new("xenbr0", false, ["eth0"]), new("xenbr1", true, [])]);
        Is(FindingLevel.Warning, "xenbr0 is down", findings[0]);
        Is(FindingLevel.Warning, "xenbr1 has no network card", findings[1]);
    }

    [Fact]
    public void Storage_interfaces_are_there_and_up_and_have_jumbo_frames()
    {
        Is(FindingLevel.Error, "configured", Assert.Single(StorageInterfaceCheck.Judge([], [])));
        var findings = StorageInterfaceCheck.Judge(["eth1", "eth2", "eth3", "eth4"], [Card("eth1", 9000), Card("eth2", 1500), Card("eth3", 9000) with { Up = false }]);
        Is(FindingLevel.Ok, "MTU of 9000", findings[0]);
        Is(FindingLevel.Warning, "a frame carries 1024 bytes", findings[1]);
        Is(FindingLevel.Error, "eth3 is down", findings[2]);
        Is(FindingLevel.Error, "eth4 does not exist", findings[3]);
    }

    [Fact]
    public void The_way_to_the_storage_is_fit_where_full_frames_pass()
    {
        var finding = StoragePathCheck.Judge(Way(9000, Target(9000)));
        Is(FindingLevel.Ok, "pass up to 9000 bytes both ways", finding);
        Is(FindingLevel.Ok, "on the way there", StoragePathCheck.Judge(Way(9000, Target(9000, bothWays: false))));
    }

    [Fact]
    public void A_switch_that_passes_less_than_both_ends_is_an_error_and_is_named()
    {
        var finding = StoragePathCheck.Judge(Way(9000, Target(1500, cardMtu: 9000)));
        Is(FindingLevel.Error, "pass up to 1500 bytes", finding);
        Assert.Contains("eth1 has an MTU of 9000", finding.Message, StringComparison.Ordinal);
        Assert.Contains("between the hosts", finding.Message, StringComparison.Ordinal);
        Assert.Contains("mtu 1500", finding.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_storage_host_with_a_smaller_card_works_and_is_named()
    {
        var finding = StoragePathCheck.Judge(Way(9000, Target(1500, sectors: 2, cardMtu: 1500)));
        Is(FindingLevel.Warning, "san0 of storage, with an MTU of 1500", finding);
        // Where the host did not say what card it has.
        Is(FindingLevel.Warning, "is not known", StoragePathCheck.Judge(Way(9000, Target(1500, sectors: 2))));
    }

    [Fact]
    public void The_shortest_of_several_ways_counts() =>
        Is(FindingLevel.Error, "1500", StoragePathCheck.Judge(Way(9000, Target(9000), Target(1500, cardMtu: 9000))));

    [Fact]
    public void Targets_that_do_not_answer_are_an_error_only_where_there_are_volumes()
    {
        Is(FindingLevel.Unknown, "serves no volume yet", StoragePathCheck.Judge(Way(9000) with { Volumes = 0 }));
        Is(FindingLevel.Error, "none of its targets answers on eth1", StoragePathCheck.Judge(Way(9000)));
        Is(FindingLevel.Warning, "one way less", StoragePathCheck.Judge(Way(9000) with { Answers = true }));
        Is(FindingLevel.Error, "then answered nothing", StoragePathCheck.Judge(Way(9000, Target(0))));
    }

    [Theory]
    [InlineData(0.2, 0.001, FindingLevel.Ok, "agrees to 200 ms")]
    [InlineData(0, 0.004, FindingLevel.Ok, "agrees to 4 ms")]
    [InlineData(2.5, 0.001, FindingLevel.Warning, "2.5 s ahead")]
    [InlineData(-2.5, 0.001, FindingLevel.Warning, "2.5 s behind")]
    [InlineData(-3600, 0.001, FindingLevel.Error, "60.0 min behind")]
    [InlineData(1.5, 2, FindingLevel.Unknown, "take long")]
    [InlineData(30, 2, FindingLevel.Warning, "30.0 s ahead")]
    public void Clocks_agree_to_a_second(double ahead, double uncertain, FindingLevel level, string words) =>
        Is(level, words, ClockCheck.Judge("resource-2", TimeSpan.FromSeconds(ahead), TimeSpan.FromSeconds(uncertain)));

    [Fact]
    public void Versions_are_the_same_on_all_hosts()
    {
        var own = Facts("resource-1");
        Is(FindingLevel.Ok, "godwitd 1.0, QEMU 7.2, Linux 6.1.0", Assert.Single(VersionsCheck.Judge(own, [Facts("resource-2"), Facts("storage") with { EngineVersion = null }])));
        var findings = VersionsCheck.Judge(own, [Facts("resource-2") with { Version = "1.1", EngineVersion = "10.0" }]);
        Is(FindingLevel.Warning, "resource-2 has godwitd 1.1", findings[1]);
        Is(FindingLevel.Warning, "resource-2 has QEMU 10.0", findings[2]);
        Is(FindingLevel.Ok, "godwitd 1.0, Linux", Assert.Single(VersionsCheck.Judge(own with { EngineVersion = null }, [])));
    }

    [Fact]
    public void The_port_is_open_in_both_directions()
    {
        Is(FindingLevel.Ok, "reach each other", PortCheck.Judge("resource-1", "storage", null, new ReachAnswer(null)));
        Is(FindingLevel.Error, "storage is not reached from resource-1: no route", PortCheck.Judge("resource-1", "storage", "no route", null));
        Is(FindingLevel.Error, "resource-1 is not reached from storage: no route", PortCheck.Judge("resource-1", "storage", null, new ReachAnswer("no route")));
        Is(FindingLevel.Unknown, "it cannot say", PortCheck.Judge("resource-1", "storage", null, null));
    }

    [Theory]
    [InlineData(null, FindingLevel.Ok, "is free")]
    [InlineData(SocketError.AddressAlreadyInUse, FindingLevel.Error, "Another program")]
    [InlineData(SocketError.AddressNotAvailable, FindingLevel.Error, "does not have the address")]
    [InlineData(SocketError.AccessDenied, FindingLevel.Error, "AccessDenied")]
    public void Before_a_pool_the_port_is_free(SocketError? failure, FindingLevel level, string words) =>
        Is(level, words, PortCheck.JudgeAlone("10.9.0.11:8002", failure));

    [Theory]
    [InlineData(9000, FindingLevel.Ok)]
    [InlineData(MemoryCheck.LittleMiB - 1, FindingLevel.Warning)]
    [InlineData(MemoryCheck.TooLittleMiB - 1, FindingLevel.Error)]
    public void Memory_is_left_for_a_guest(long availableMiB, FindingLevel level) =>
        Is(level, $"{availableMiB} of 16000 MiB", MemoryCheck.Judge(16000, availableMiB));

    [Theory]
    [InlineData(SpaceCheck.Little, FindingLevel.Ok)]
    [InlineData(SpaceCheck.Little - 1, FindingLevel.Warning)]
    [InlineData(SpaceCheck.TooLittle - 1, FindingLevel.Error)]
    public void There_is_room_for_what_must_survive(long freeBytes, FindingLevel level) =>
        Is(level, $"{freeBytes >> 20} MiB are free in /var/lib/godwit", SpaceCheck.Judge("/var/lib/godwit", freeBytes));

    [Fact]
    public void The_registry_serves()
    {
        Is(FindingLevel.Unknown, "in no pool yet", RegistryCheck.Judge(null, null, null));
        Is(FindingLevel.Ok, "of the pool godwit, on storage, serves", RegistryCheck.Judge("godwit", "storage", null));
        Is(FindingLevel.Error, "does not serve: no route", RegistryCheck.Judge("godwit", "storage", new GodwitException("registry-unavailable", "no route")));
    }

    [Fact]
    public void The_engine_runs_and_as_a_user_of_its_own()
    {
        Is(FindingLevel.Error, "cannot be run", EngineCheck.Judge("qemu-system-x86_64", null, null));
        Is(FindingLevel.Warning, "no domains yet: it settles", EngineCheck.Judge("qemu", "QEMU 7.2", "it settles"));
        Is(FindingLevel.Ok, "QEMU 7.2 is ready", EngineCheck.Judge("qemu", "QEMU 7.2", null));
        Is(FindingLevel.Warning, "root", EngineCheck.JudgeUser(null, false));
        Is(FindingLevel.Error, "no user vm", EngineCheck.JudgeUser("vm", false));
        Is(FindingLevel.Ok, "as vm", EngineCheck.JudgeUser("vm", true));
    }

    [Fact]
    public void The_aoe_driver_listens_on_the_storage_network_and_nowhere_else()
    {
        Is(FindingLevel.Ok, "has no aoe driver", AoeModuleCheck.Judge(new(false, false, []), ["eth1"]));
        Is(FindingLevel.Ok, "not loaded", AoeModuleCheck.Judge(new(false, true, []), ["eth1"]));
        Is(FindingLevel.Ok, "listens on eth1", AoeModuleCheck.Judge(new(true, true, ["eth1"]), ["eth1"]));
        Is(FindingLevel.Warning, "listens on all interfaces", AoeModuleCheck.Judge(new(true, true, []), ["eth1"]));
        Is(FindingLevel.Warning, "also listens on eth0", AoeModuleCheck.Judge(new(true, true, ["eth0", "eth1"]), ["eth1"]));
        Is(FindingLevel.Error, "does not listen on eth2", AoeModuleCheck.Judge(new(true, true, ["eth1"]), ["eth1", "eth2"]));
    }

    internal static void Is(FindingLevel level, string words, HostFinding finding)
    {
        Assert.Equal(level, finding.Level);
        Assert.Contains(words, finding.Message, StringComparison.Ordinal);
        // Whoever reads that something is wrong reads what to do.
        if (level is FindingLevel.Error or FindingLevel.Warning) Assert.NotEmpty(finding.Remedy!);
    }

    private static StorageInterface Card(string name, int mtu) => new(name, "02:00:00:00:00:01", mtu, true);

    private static StoragePath Way(int mtu, params ImmutableArray<MeasuredTarget> targets) => new("eth1", mtu, "storage", targets, 3, !targets.IsEmpty);

    private static MeasuredTarget Target(int passes, int sectors = 17, int? cardMtu = null, bool bothWays = true) =>
        new(sectors, new(passes, bothWays), cardMtu is { } mtu ? Card("san0", mtu) : null);

    private static HostFacts Facts(string name) => new(name, DateTimeOffset.UnixEpoch, "1.0", "6.1.0", 2, 16000, 9000, 1, [], "7.2");
}
