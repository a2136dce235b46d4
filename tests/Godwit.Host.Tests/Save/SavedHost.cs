using Godwit.Domains;
using Godwit.Host.Save;
using Godwit.Hypervisors.Fake;
using Godwit.Pool;
using Godwit.Pool.Ownership;
using Godwit.Pool.Restoration;
using Godwit.Relocation;
using Godwit.Storage.Volumes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Host.Tests.Save;

/// <summary>A host with one domain that counts, whose daemon can die at a named place and come back.</summary>
internal sealed class SavedHost : IFailpoints, IProgress<WorkProgress>, IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly OneHost _host = new(TimeSpan.FromMilliseconds(5));
    private readonly List<DomainHost> _daemons = [];
    private string? _point;
    private Func<Task>? _act;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public DomainHost Daemon => _daemons[^1];

    public HostParts Parts { get; private set; } = null!;

    public OneDisk Disks => _host.Disks;

    public FakeEngine Engine => _host.Engine;

    public FakeWriteResult Writes
    {
        get => _host.Writes;
        set => _host.Writes = value;
    }

    public FakeProcess Process => Assert.Single(Engine.Processes);

    public string File => Path.Combine(_host.SavedDirectory, "vm1.memory");

    public string[] Files => Directory.GetFiles(_host.SavedDirectory);

    public WorkProgress Progress { get; private set; }

    /// <summary>The clock of daemons that begin from now on.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>In place of the store of files.</summary>
    public Func<ISavedStore, ISavedStore> Store { get; set; } = store => store;

    public static async Task<SavedHost> StartAsync(bool paused = false)
    {
        var host = new SavedHost();
        await host.StartDaemonAsync();
        var spec = new DomainSpec
        {
            Name = "vm1",
            MemoryMiB = 256,
            OnCrash = LifecycleAction.Restart,
            Disks = [new DiskSpec { Target = "vg/a", Backend = DiskBackend.Block, VirtualDevice = "xvda" }],
        };
        await host.Daemon.CreateAsync(spec, new CreateOptions(paused), Token);
        if (!paused)
            await UntilAsync(() => host.Process.Memory.Counter > 3);
        return host;
    }

    /// <summary>A daemon, after the one before has died: its engines and attachments went on.</summary>
    public async Task StartDaemonAsync()
    {
        await BeginDaemonAsync();
        await Daemon.Settled.WaitAsync(Limit, Token);
    }

    /// <summary>As <see cref="StartDaemonAsync"/>; what it found is not settled yet.</summary>
    public async Task BeginDaemonAsync()
    {
        (_point, _act) = (null, null);
        Engine.LoseDaemon();
        var parts = _host.Parts;
        var witness = new Witness(parts.Name, parts.Journal);
        Parts = parts with
        {
            Witness = witness,
            Records = new RecordChanger(parts.Registry, witness, parts.Time, NullLogger<RecordChanger>.Instance),
            Saved = Store(new SavedFiles(_host.SavedDirectory)),
            Time = Time,
            Failpoints = this,
        };
        _daemons.Add(new DomainHost(Parts));
        await Daemon.StartAsync(Token);
    }

    public Task SaveAsync(CancellationToken? asked = null) => Daemon.SaveAsync("vm1", this, asked ?? Token).WaitAsync(Limit, Token);

    public Task<DomainView> RestoreAsync(bool paused = false, CancellationToken? asked = null) =>
        Daemon.RestoreAsync("vm1", new RestoreOptions(paused), this, asked ?? Token).WaitAsync(Limit, Token);

    public async Task<DomainRecord> RecordAsync() => (await Parts.Registry.FindAsync("vm1", Token))!;

    /// <summary>What happens when the daemon comes to a place.</summary>
    public void At(string point, Func<Task> act) => (_point, _act) = (point, act);

    /// <summary>The daemon dies when it comes to a place: what it began is awaited by nobody any more.</summary>
    public async Task DieAtAsync(string point, Func<Task> doing)
    {
        await HoldAtAsync(point, doing);
        await StartDaemonAsync();
    }

    /// <summary>The daemon comes to a place, and no further until it is let go on.</summary>
    /// <returns>What it is doing, and what lets it go on.</returns>
    public async Task<(Task Doing, TaskCompletionSource GoOn)> HoldAtAsync(string point, Func<Task> doing)
    {
        var (there, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        At(point, () =>
        {
            there.SetResult();
            return goOn.Task;
        });
        var done = doing();
        if (await Task.WhenAny(there.Task, done).WaitAsync(Limit, Token) == done)
            await done;
        await there.Task.WaitAsync(Limit, Token);
        return (done, goOn);
    }

    public static async Task UntilAsync(Func<bool> so)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Limit);
        while (!so())
            await Task.Delay(5, limit.Token);
    }

    public async Task AssertRunsOnAsync(FakeMemory from)
    {
        Assert.Equal(from.Boot, Process.Memory.Boot);
        await UntilAsync(() => Process.Memory.Counter > from.Counter);
        Assert.Equal(RunState.Running, (await RecordAsync()).RunState);
        Assert.Empty(Files);
    }

    /// <summary>It has started anew, with another memory than this.</summary>
    public async Task AssertStartsColdAsync(FakeMemory before)
    {
        await UntilAsync(() => Engine.Processes is [var cold] && cold.Memory.Boot != before.Boot
            && RecordAsync().GetAwaiter().GetResult() is { Owner: "b", RunState: RunState.Running, Arriving: false, Saved: null });
        Assert.Empty(Files);
    }

    public async Task AssertSavedAsync()
    {
        Assert.True(await RecordAsync() is { RunState: RunState.Saved, Arriving: false, Saved: not null });
        Assert.Empty(Engine.Processes);
        Assert.Empty(Disks.Attached);
        Assert.Equal([File], Files);
    }

    async ValueTask IFailpoints.ReachAsync(string point, string domain, CancellationToken cancellationToken)
    {
        if (point == _point && _act is { } act)
            await act();
    }

    public void Report(WorkProgress value) => Progress = value;

    public async ValueTask DisposeAsync()
    {
        await Daemon.StopAsync(CancellationToken.None).WaitAsync(Limit);
        foreach (var daemon in _daemons)
            daemon.Dispose();
        _host.Dispose();
    }
}
