using Godwit.Domains;
using Godwit.Hypervisors.Tests.Xen.Fake;

namespace Godwit.Hypervisors.Tests.Xen;

/// <summary>Memory and processors of a domain that runs, by a played xl that refuses in the real one's words.</summary>
public sealed class XenResizeTests : IAsyncLifetime
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private FakeXen _host = null!;
    private IDomainCopy _copy = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await FakeXen.StartAsync(_ct);
        var order = FakeXen.Order();
        _copy = await _host.Hypervisor.StartAsync(order with { Spec = order.Spec with { MaxMemoryMiB = 128, MaxVirtualCpus = 2 } }, _ct);
        await _copy.ContinueAsync(_ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _copy.DestroyAsync(_ct);
        await _copy.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task The_guest_gets_it_and_the_copy_says_so()
    {
        await _copy.SetMemoryAsync(112, _ct);
        await _copy.SetVirtualCpusAsync(2, _ct);
        await AssertHasAsync(112, 2);
        await _copy.SetMemoryAsync(96, _ct);
        await _copy.SetVirtualCpusAsync(1, _ct);
        await AssertHasAsync(96, 1);
        Assert.Equal((128, 2), (_copy.Order.Spec.MaxMemoryMiB, _copy.Order.Spec.MaxVirtualCpus));
    }

    [Fact]
    public async Task What_xl_refuses_is_a_typed_error_and_leaves_the_copy_as_it_was()
    {
        var refused = await Assert.ThrowsAsync<GodwitException>(() => _copy.SetMemoryAsync(4096, _ct));
        Assert.Equal(
            ("engine-failed", "Xen does not change the memory of the domain: memory_dynamic_max must be less than or equal to memory_static_max"),
            (refused.Code, refused.Message));
        refused = await Assert.ThrowsAsync<GodwitException>(() => _copy.SetVirtualCpusAsync(5, _ct));
        Assert.Equal(
            ("engine-failed", "Xen does not change the processors of the domain: Requested 5 VCPUs, however maxcpus is 2!: Function not implemented"),
            (refused.Code, refused.Message));
        await AssertHasAsync(96, 1);
        await FindAgainAsync();
        await AssertHasAsync(96, 1);
    }

    [Fact]
    public async Task The_next_daemon_and_a_guest_that_restarts_have_it_too()
    {
        await _copy.SetMemoryAsync(112, _ct);
        await _copy.SetVirtualCpusAsync(2, _ct);
        await FindAgainAsync();
        await AssertHasAsync(112, 2);
        await _copy.RebootAsync(_ct);
        _host.AnnounceEnd();
        await foreach (var told in _copy.Events.ReadAllAsync(_ct))
        {
            if (told is CopyEvent.GuestRebooted) break;
        }
        await AssertHasAsync(112, 2);
    }

    [Fact]
    public async Task Of_a_domain_that_is_gone_it_is_refused()
    {
        await _copy.DestroyAsync(_ct);
        await Assert.ThrowsAsync<EngineGoneException>(() => _copy.SetMemoryAsync(112, _ct));
        await Assert.ThrowsAsync<EngineGoneException>(() => _copy.SetVirtualCpusAsync(2, _ct));
    }

    private async Task AssertHasAsync(int mib, int count)
    {
        var status = await _copy.QueryAsync(_ct);
        Assert.Equal((mib, count), (status.MemoryMiB, status.VirtualCpus));
        Assert.Equal((mib, count), (_copy.Order.Spec.MemoryMiB, _copy.Order.Spec.VirtualCpus));
    }

    private async Task FindAgainAsync()
    {
        await _copy.DisposeAsync();
        await _host.OpenAsync(_ct);
        _copy = Assert.Single(await _host.Hypervisor.FindCopiesAsync(_ct));
    }
}
