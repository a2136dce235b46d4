using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Microsoft.Extensions.Logging;

namespace Godwit.Aoe.Target;

/// <summary>
/// One export on one or more interfaces, each with a thread and a socket of its own: a process serves several disks by
/// several targets, and a slow disk holds up nobody but its own users. Frames of all interfaces, and what others ask by
/// <see cref="RunAsync{T}"/>, are executed one after another. So whatever is asked happens between frames, never beside one:
/// after a fence has been answered, no frame of the former writer is under way in here, and those that still come are
/// judged by the new state.
/// </summary>
public sealed partial class AoeTarget
{
    /// <summary>An interface that is silent is looked at so often, whether it is still there.</summary>
    private const int LookAgainMs = 1000;

    private readonly ImmutableArray<TargetPort> _ports;
    private readonly Export _export;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _asking;
    private int _running;
    private volatile bool _stopping;
    private bool _closed;

    /// <param name="links">The interfaces, which <see cref="CloseAsync"/> disposes of.</param>
    /// <param name="export">The export, which it disposes of too.</param>
    /// <param name="logger">Takes what an administrator should know.</param>
    public AoeTarget(IEnumerable<IFrameLink> links, Export export, ILogger logger)
    {
        _export = export;
        _logger = logger;
        _ports = [.. links.Select(link => new TargetPort(link, export))];
        _running = _ports.Length;
    }

    public Export Export => _export;

    /// <summary>Ends when the target has stopped; fails when the last of its interfaces did.</summary>
    public Task Ended => _ended.Task;

    public void Start()
    {
        foreach (var port in _ports)
            new Thread(() => Loop(port)) { Name = $"{_export.Settings.Address} on {port.Link.Name}", IsBackground = true }.Start();
    }

    /// <summary>Runs something between frames.</summary>
    /// <exception cref="AoeControlException">The target has stopped.</exception>
    public Task<T> RunAsync<T>(Func<T> function) => BetweenFrames(() => _ended.Task.IsCompleted ? throw NotRunning() : function());

    /// <summary>How it does; also of one that has lost its interfaces.</summary>
    /// <exception cref="AoeControlException">The target has stopped.</exception>
    public Task<ExportStatus> StatusAsync() => BetweenFrames(() =>
    {
        if (_closed || _ended.Task.IsCompletedSuccessfully) throw NotRunning();
        var status = _export.Status([.. _ports.Select(port => port.Status)]);
        return _ended.Task.Exception is { InnerException: { } failure }
            ? status with { ServesWrites = false, Problem = $"nobody is served, as its interfaces have failed: {failure.Message}" }
            : status;
    });

    /// <summary>Executes what has come in, syncs what was written, and ends.</summary>
    public async Task StopAsync()
    {
        _stopping = true;
        foreach (var port in _ports) port.Link.Wake();
        await _ended.Task.ConfigureAwait(false);
    }

    /// <summary>Stops, and lets go of the interfaces and the medium.</summary>
    /// <returns>Why what was written may be lost; null when all of it is on stable storage.</returns>
    public async Task<string?> CloseAsync()
    {
        await StopAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var problem = _export.MediumProblem;
        if (problem is not null) LogNotKept(_logger, _export.Settings.Address, problem);
        lock (_gate)
        {
            _closed = true;
            foreach (var port in _ports) port.Link.Dispose();
            _export.Dispose();
        }
        return problem;
    }

    /// <summary>One turn of each thread: for tests that have no need of one.</summary>
    internal void Step(int timeoutMs)
    {
        foreach (var port in _ports) Step(port, timeoutMs);
    }

    private void Step(TargetPort port, int timeoutMs)
    {
        port.Receive(timeoutMs);
        bool more;
        do
        {
            // A lock lets in whoever comes first, and that would be this thread nearly always.
            while (Volatile.Read(ref _asking) > 0) Thread.Sleep(0);
            lock (_gate) more = port.Execute(ref _asking);
        }
        while (more);
    }

    private AoeControlException NotRunning() => new(AoeControlCode.NotRunning, $"The export of {_export.Settings.Address} is ending.");

    private Task<T> BetweenFrames<T>(Func<T> function) => Task.Run(() =>
    {
        Interlocked.Increment(ref _asking);
        try
        {
            lock (_gate) return function();
        }
        finally
        {
            Interlocked.Decrement(ref _asking);
        }
    });

    private void Renew(TargetPort port)
    {
        switch (port.Renew())
        {
            case LinkChange.Gone:
                LogInterfaceGone(_logger, _export.Settings.Address, port.Link.Name);
                break;
            case LinkChange.Renewed:
                LogInterfaceRenewed(_logger, _export.Settings.Address, port.Link.Name, port.Link.Address, port.Link.Mtu);
                lock (_gate) port.Announce();
                break;
        }
    }

    private void Loop(TargetPort port)
    {
        IOException? failure = null;
        try
        {
            lock (_gate) port.Announce();
            while (!_stopping)
            {
                Renew(port);
                Step(port, LookAgainMs);
            }
            // What the kernel had queued before the end is executed too.
            Step(port, 0);
        }
        catch (IOException e)
        {
            failure = e;
            LogInterfaceFailed(_logger, _export.Settings.Address, port.Link.Name, e.Message);
        }
        if (Interlocked.Decrement(ref _running) > 0) return;
        lock (_gate)
        {
            _export.Sync();
            if (failure is null) _ended.SetResult();
            else _ended.SetException(failure);
        }
    }

    [LoggerMessage(EventId = 1134, Level = LogLevel.Critical, Message = "{Device}: it has ended, and what was written before may be lost: {Reason}")]
    private static partial void LogNotKept(ILogger logger, Wire.AoeAddress device, string reason);

    [LoggerMessage(EventId = 1132, Level = LogLevel.Warning, Message = "{Device}: interface {Interface} is gone; it is served again when one of that name is there")]
    private static partial void LogInterfaceGone(ILogger logger, Wire.AoeAddress device, string @interface);

    [LoggerMessage(EventId = 1133, Level = LogLevel.Information, Message = "{Device}: interface {Interface} was opened anew: address {Mac}, MTU {Mtu}")]
    private static partial void LogInterfaceRenewed(ILogger logger, Wire.AoeAddress device, string @interface, Domains.MacAddress mac, int mtu);

    [LoggerMessage(EventId = 1131, Level = LogLevel.Critical, Message = "{Device}: interface {Interface} failed: {Reason}")]
    private static partial void LogInterfaceFailed(ILogger logger, Wire.AoeAddress device, string @interface, string reason);
}
