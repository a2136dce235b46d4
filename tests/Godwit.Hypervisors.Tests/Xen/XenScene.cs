using Godwit.Hypervisors.Tests.Xen.Fake;
using Godwit.Native.Processes;

namespace Godwit.Hypervisors.Tests.Xen;

/// <summary>Hosts with a played xl, and what tests do with copies there.</summary>
public abstract class XenScene : IAsyncDisposable
{
    private readonly List<FakeXen> _hosts = [];

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts) await host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected async Task<FakeXen> HostAsync()
    {
        var host = await FakeXen.StartAsync(Ct);
        _hosts.Add(host);
        return host;
    }

    private protected static async Task<IDomainCopy> RunningAsync(FakeXen host)
    {
        var copy = await host.Hypervisor.StartAsync(FakeXen.Order(), Ct);
        await copy.ContinueAsync(Ct);
        return copy;
    }

    private protected static async Task<FakeMove> MoveAsync(IDomainCopy source, FakeXen to)
    {
        var receiver = await to.Hypervisor.PrepareReceiverAsync(FakeXen.Order(), Ct);
        return await FakeMove.StartAsync(source, receiver, Ct);
    }

    private protected static async Task<CopyPhase> PhaseAsync(IDomainCopy copy) => (await copy.QueryAsync(Ct)).Phase;

    private protected static async Task<List<CopyEvent>> EventsAsync(IDomainCopy copy)
    {
        var events = new List<CopyEvent>();
        await foreach (var @event in copy.Events.ReadAllAsync(Ct)) events.Add(@event);
        return events;
    }

    private protected static async Task UntilAsync(IDomainCopy copy, Func<CopyEvent, bool> wanted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (!wanted(await copy.Events.ReadAsync(limit.Token)))
        {
            // Others may come before.
        }
    }

    private protected static async Task WaitAsync(Func<bool> so)
    {
        for (var i = 0; i < 400 && !so(); i++) await Task.Delay(50, Ct);
        Assert.True(so());
    }

    private protected static void Kill(int process) => RunningProcess.TryOpen(process)?.Kill();

    private protected static bool IsThere(int process) => RunningProcess.TryOpen(process)?.HasExited() == false;
}
