using System.Diagnostics;
using Godwit.Aoe.Control;
using Godwit.Aoe.Initiator;
using Godwit.Aoe.Target;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Aoe.Tests.Initiator;

/// <summary>The check by which a superseded copy that does no I/O is stopped.</summary>
public sealed class CheckTests : IAsyncLifetime
{
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromMilliseconds(200);
    private readonly TemporaryDirectory _directory = new();
    private readonly Fence _fence;
    private readonly MemoryLink _link;
    private readonly AoeTarget _target;
    private AoeInitiator _initiator = null!;
    private int _stops;
    private bool _obeys = true;

    public CheckTests()
    {
        _fence = Fence.Load(_directory.File("fence"));
        _fence.Initialize(0);
        var (a, b) = MemoryLink.Pair();
        _link = b;
        _target = new AoeTarget([a], Export.Managed(
            new ExportSettings { Address = TargetBench.Address, Path = "memory" }, new MemoryMedium(64), _fence, new TargetStart(Guid.NewGuid()), NullLogger.Instance), NullLogger.Instance);
        _target.Start();
    }

    public async ValueTask InitializeAsync() => _initiator = await AoeInitiator.ConnectAsync(_link, TargetBench.Address,
        new InitiatorOptions
        {
            Session = _fence.Admit("a", [_link.Address]),
            Heartbeat = s_heartbeat,
            StopUser = _ =>
            {
                Interlocked.Increment(ref _stops);
                return Task.FromResult(_obeys);
            },
        },
        TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _initiator.DisposeAsync();
        await _target.StopAsync();
        _directory.Dispose();
    }

    private Task<FenceAnswer> TakeAsync(string host, long epoch, int session) => _target.RunAsync(() => _fence.Take(host, epoch, session));

    private Task<int> AdmitAsync(string host, Godwit.Domains.MacAddress mac) => _target.RunAsync(() => _fence.Admit(host, [mac]));

    private static async Task WaitForAsync(Func<bool> condition)
    {
        for (var i = 0; i < 3000 && !condition(); i++) await Task.Delay(10);
        Assert.True(condition());
    }

    [Fact]
    public async Task A_copy_without_io_is_stopped_within_a_heartbeat_of_being_superseded()
    {
        await TakeAsync("a", 1, _initiator.Status().Session);
        await _initiator.WriteAsync(0, new byte[512]);
        await TakeAsync("b", 2, await AdmitAsync("b", TargetBench.HostB));
        var began = Stopwatch.GetTimestamp();
        await WaitForAsync(() => Volatile.Read(ref _stops) > 0);
        // Far less than what a lost target is waited for; the machine may be slow.
        Assert.True(Stopwatch.GetElapsedTime(began) < 20 * s_heartbeat);
        await WaitForAsync(() => _initiator.Status().EngineStopped == true);
        Assert.Equal(AttachState.Superseded, _initiator.Status().State);
    }

    [Fact]
    public async Task One_that_does_not_obey_is_told_again()
    {
        _obeys = false;
        await TakeAsync("a", 1, _initiator.Status().Session);
        await _initiator.WriteAsync(0, new byte[512]);
        await TakeAsync("b", 2, await AdmitAsync("b", TargetBench.HostB));
        await WaitForAsync(() => Volatile.Read(ref _stops) > 1);
        Assert.False(_initiator.Status().EngineStopped);
    }

    [Fact]
    public async Task Given_back_under_a_new_session_it_is_guarded_anew()
    {
        await TakeAsync("a", 1, _initiator.Status().Session);
        await _initiator.WriteAsync(0, new byte[512]);
        var b = await AdmitAsync("b", TargetBench.HostB);
        await TakeAsync("b", 2, b);
        await WaitForAsync(() => Volatile.Read(ref _stops) > 0);

        var session = await AdmitAsync("a", _link.Address);
        await _initiator.SetSessionAsync(session);
        var stops = Volatile.Read(ref _stops);
        Assert.Equal((AttachState.Up, null), (_initiator.Status().State, _initiator.Status().EngineStopped));
        await TakeAsync("a", 3, session);
        await _initiator.WriteAsync(0, new byte[512]);
        await Task.Delay(3 * s_heartbeat, TestContext.Current.CancellationToken);
        Assert.Equal(stops, Volatile.Read(ref _stops));

        await TakeAsync("b", 4, await AdmitAsync("b", TargetBench.HostB));
        await WaitForAsync(() => Volatile.Read(ref _stops) > stops);
    }

    [Fact]
    public async Task A_session_that_never_wrote_stops_nobody()
    {
        // Admitted again, the host's earlier session as a reader is gone.
        await AdmitAsync("a", _link.Address);
        await WaitForAsync(() => _initiator.Status().State == AttachState.Refused);
        await Task.Delay(2 * s_heartbeat, TestContext.Current.CancellationToken);
        Assert.Equal(0, Volatile.Read(ref _stops));
    }
}
