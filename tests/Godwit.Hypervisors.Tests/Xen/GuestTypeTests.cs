using Godwit.Domains;
using Godwit.Hypervisors.Tests.Xen.Fake;
using Godwit.Hypervisors.Xen;

namespace Godwit.Hypervisors.Tests.Xen;

/// <summary>PV and PVH guests, on hosts that can run both and on such that cannot.</summary>
public sealed class GuestTypeTests : IAsyncDisposable
{
    // What is recorded is from hosts whose processor helps; without it, Xen leaves these words away.
    private static readonly string s_info = RecordedOutput.Text("xl-info.txt");
    private static readonly string s_helpless = s_info.Replace("pv hvm hap ", "pv ", StringComparison.Ordinal);
    private static readonly string s_hardwareOnly = s_info.Replace("pv hvm hap ", "hvm hap ", StringComparison.Ordinal);
    private static readonly DomainSpec s_spec = new() { Name = "vm1", MemoryMiB = 96 };

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private FakeXen? _host;

    public async ValueTask DisposeAsync()
    {
        if (_host is { } host) await host.DisposeAsync();
    }

    [Theory]
    [InlineData(null, "pv")]
    [InlineData(GuestType.Pv, "pv")]
    [InlineData(GuestType.Pvh, "pvh")]
    public async Task A_host_that_can_pins_what_is_asked_for_and_else_pv(GuestType? type, string machine)
    {
        var hypervisor = await OpenAsync(s_info);
        Assert.Equal(["pv", "pvh"], hypervisor.Facts.MachineTypes.AsEnumerable());
        Assert.Equal(machine, hypervisor.Pin(s_spec with { GuestType = type }).MachineType);
    }

    [Fact]
    public async Task A_host_whose_processor_does_not_help_refuses_pvh()
    {
        var hypervisor = await OpenAsync(s_helpless);
        Assert.Equal(["pv"], hypervisor.Facts.MachineTypes.AsEnumerable());
        Assert.Equal("pv", hypervisor.Pin(s_spec).MachineType);
        var refused = Assert.Throws<GodwitException>(() => hypervisor.Pin(s_spec with { GuestType = GuestType.Pvh }));
        Assert.Equal("host-cannot-pvh", refused.Code);
        Assert.Contains("vm1 is a PVH guest, and Xen 4.17.7 of this host runs none", refused.Message, StringComparison.Ordinal);
        Assert.Contains("type = \"pv\"", refused.Remedy, StringComparison.Ordinal);
        var moved = hypervisor.ExplainLack("vm1", "resource-2", "pvh")!;
        Assert.Equal("host-cannot-pvh", moved.Code);
        Assert.Contains("of resource-2", moved.Message, StringComparison.Ordinal);
        Assert.Null(hypervisor.ExplainLack("vm1", "resource-2", "q35"));
    }

    [Fact]
    public async Task A_host_that_is_built_without_pv_runs_pvh()
    {
        var hypervisor = await OpenAsync(s_hardwareOnly);
        Assert.Equal("pvh", hypervisor.Pin(s_spec).MachineType);
        Assert.Equal("host-cannot-pv", Assert.Throws<GodwitException>(() => hypervisor.Pin(s_spec with { GuestType = GuestType.Pv })).Code);
    }

    [Fact]
    public async Task Hvm_is_refused_with_the_remedy()
    {
        var hypervisor = await OpenAsync(s_info);
        var refused = Assert.Throws<GodwitException>(() => hypervisor.Pin(s_spec with { GuestType = GuestType.Hvm }));
        Assert.Equal("no-such-guest-type", refused.Code);
        Assert.Contains("type = \"pvh\"", refused.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_xl_could_not_be_given_leaves_nothing()
    {
        var hypervisor = await OpenAsync(s_info);
        var refused = await Assert.ThrowsAsync<GodwitException>(() => hypervisor.StartAsync(FakeXen.Order() with { KernelPath = null }, _ct));
        Assert.Equal("no-kernel", refused.Code);
        Assert.False(_host!.HasCopies);
    }

    [Fact]
    public async Task What_xl_is_given_has_the_type_and_the_bounds()
    {
        var hypervisor = await OpenAsync(s_info);
        var order = FakeXen.Order();
        await using var copy = await hypervisor.StartAsync(order with
        {
            Spec = order.Spec with { GuestType = GuestType.Pvh, MaxMemoryMiB = 128, VirtualCpus = 2, MaxVirtualCpus = 4 },
            Pin = order.Pin with { MachineType = "pvh" },
        }, _ct);
        var lines = await File.ReadAllLinesAsync(Path.Combine(_host!.CopyDirectory, "xl.cfg"), _ct);
        Assert.Equal(["type = \"pvh\"", "memory = 96", "maxmem = 128", "vcpus = 2", "maxvcpus = 4"], lines.Where(line => line.Split(' ')[0] is "type" or "memory" or "maxmem" or "vcpus" or "maxvcpus"));
        await copy.DestroyAsync(_ct);
    }

    private async Task<XenHypervisor> OpenAsync(string info) => (_host = await FakeXen.StartAsync(_ct, info)).Hypervisor;
}
