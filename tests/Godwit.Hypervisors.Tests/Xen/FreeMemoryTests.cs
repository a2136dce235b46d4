using Godwit.Hypervisors.Tests.Xen.Fake;

namespace Godwit.Hypervisors.Tests.Xen;

/// <summary>What a domain that has just ended gives back is there for the next, though Xen takes its time.</summary>
public sealed class FreeMemoryTests
{
    private const int Wanted = 100, Little = 50, Plenty = 146;
    private static readonly CancellationToken s_ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_memory_of_a_domain_that_is_ending_is_waited_for()
    {
        await using var host = await WithEndingAsync(null);
        var asked = host.Hypervisor.AskFreeMemoryMiBAsync(Wanted, s_ct);
        await Task.Delay(500, s_ct);
        Assert.False(asked.IsCompleted);

        host.SetFreeMemory(Plenty);
        Assert.Equal(Plenty, await asked);
    }

    [Fact]
    public async Task What_is_not_freed_in_time_is_not_counted()
    {
        await using var host = await WithEndingAsync(TimeSpan.FromSeconds(0.5));
        Assert.Equal(Little, await host.Hypervisor.AskFreeMemoryMiBAsync(Wanted, s_ct));
    }

    [Fact]
    public async Task Nobody_waits_where_no_domain_is_ending_or_there_is_enough()
    {
        await using var host = await WithEndingAsync(null);
        Assert.Equal(Little, await host.Hypervisor.AskFreeMemoryMiBAsync(Little, s_ct));
        host.Remove(1);
        Assert.Equal(Little, await host.Hypervisor.AskFreeMemoryMiBAsync(Wanted, s_ct));
    }

    private static async Task<FakeXen> WithEndingAsync(TimeSpan? limit)
    {
        var host = await FakeXen.StartAsync(s_ct, endLimit: limit);
        host.SetFreeMemory(Little);
        host.AddEnding(1);
        return host;
    }
}
