using Godwit.Hypervisors.Xen.Toolstack;

namespace Godwit.Hypervisors.Tests.Xen;

public class XlOutputTests
{
    [Fact]
    public void The_list_of_domains_is_read()
    {
        var domains = XlDomain.ReadList(RecordedOutput.Text("list-paused.txt"));
        Assert.Equal(2, domains.Length);
        Assert.Equal((0, "Domain-0", 320, false), (domains[0].Id, domains[0].Name, domains[0].MemoryMiB, domains[0].Paused));
        Assert.Equal(TimeSpan.FromSeconds(140.1), domains[0].CpuTime);
        Assert.Equal((1, "vm1", 96, 1, true), (domains[1].Id, domains[1].Name, domains[1].MemoryMiB, domains[1].VirtualCpus, domains[1].Paused));
        Assert.Equal(Guid.Parse("11111111-2222-3333-4444-555555555555"), domains[1].Uuid);
        Assert.Null(domains[1].Shutdown);
    }

    [Fact]
    public void A_suspended_guest_is_told_from_one_that_has_ended()
    {
        var domain = XlDomain.ReadList(RecordedOutput.Text("list-suspended.txt"))[1];
        Assert.Equal((true, ShutdownReason.Suspend, false), (domain.Paused, domain.Shutdown!.Value, domain.Dying));
    }

    [Fact]
    public void What_is_no_line_of_the_list_is_passed_over() => Assert.Empty(XlDomain.ReadList("libxl: error: no\nName ID\n\n"));

    [Fact]
    public void The_host_is_read()
    {
        var info = XlInfo.Read(RecordedOutput.Text("xl-info.txt"));
        Assert.Equal(("4.17.7", 309L), (info.Version, info.FreeMemoryMiB));
        Assert.Contains("pv", info.Capabilities);
        Assert.Contains("hap", info.Capabilities);
        Assert.DoesNotContain("shadow", info.Capabilities);
        Assert.Equal((true, true), (info.RunsParavirtual, info.RunsHardware));
        info = XlInfo.Read(RecordedOutput.Text("xl-info-4.17.5.txt"));
        Assert.Equal(("4.17.5", 213L, true, true), (info.Version, info.FreeMemoryMiB, info.RunsParavirtual, info.RunsHardware));
    }

    [Fact]
    public void Of_many_lines_a_person_gets_the_causes() => Assert.Equal(
        "Failed to enable logdirty: 95,22,0 (22 = Invalid argument); Save failed (22 = Invalid argument); saving domain: domain did not respond to suspend request: Invalid argument",
        XlErrors.Sum(RecordedOutput.Text("migrate-breaks.txt")));

    [Theory]
    [InlineData("mem-set-beyond-maxmem.txt", "memory_dynamic_max must be less than or equal to memory_static_max")]
    [InlineData("mem-set-no-domain.txt", "unable to find domain info for domain 99: Success")]
    [InlineData("vcpu-set-beyond-maxvcpus.txt", "Requested 5 VCPUs, however maxcpus is 2!: Function not implemented")]
    public void Of_a_change_that_is_refused_a_person_gets_the_cause(string recorded, string cause) =>
        Assert.Equal(cause, XlErrors.Sum(RecordedOutput.Text(recorded)));

    [Fact]
    public void Where_a_hotplug_script_failed_what_it_said_is_the_cause() =>
        Assert.Equal("there is no bridge nobr0", XlErrors.Sum(RecordedOutput.Text("create-without-bridge.txt")));

    [Fact]
    public void Where_there_is_no_error_the_last_line_has_to_do() => Assert.Equal("Usage: xl …", XlErrors.Sum("what\nUsage: xl …\n"));

    [Fact]
    public void How_it_went_so_far_is_no_reason() => Assert.Equal("", XlErrors.Sum("xc: info: Restoring domain\n"));
}
