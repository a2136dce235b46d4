using System.Collections.Concurrent;
using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Host.Recover;
using Godwit.Host.Relocate;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Relocation;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Destination;
using Godwit.Relocation.Protocol;
using Godwit.Storage;
using Microsoft.Extensions.Logging;

namespace Godwit.Host;

/// <summary>The domains of one host: a task for each, and the channels by which others come.</summary>
public sealed partial class DomainHost : IDomainHost, IDisposable
{
    private const int KeptTickets = 64;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(10);

    private readonly HostParts _parts;
    private readonly DomainStarter _starter;
    private readonly DomainCreator _creator;
    private readonly ILogger _log;
    private readonly ConcurrentDictionary<string, DomainTask?> _domains = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<DomainTask, Task> _running = [];
    private readonly ConcurrentBag<Task> _beside = [];
    private readonly CancellationTokenSource _stop = new();
    private ImmutableQueue<RelocationTicket> _tickets = [];
    private volatile bool _ready;
    private Settler? _settler;

    public DomainHost(HostParts parts)
    {
        _parts = parts;
        _starter = new DomainStarter(parts);
        _creator = new DomainCreator(parts, _starter);
        _log = parts.Logs.CreateLogger<DomainHost>();
    }

    public ImmutableArray<RelocationTicket> Relocations => [.. _tickets];

    public Task StartAsync(CancellationToken cancellationToken) => Serial.RunAsync(async () =>
    {
        await _parts.Witness.LoadAsync(cancellationToken);
        var settler = NewSettler();
        foreach (var name in await settler.FindAsync(cancellationToken))
            _domains.TryAdd(name, null);
        // From here on others may come, but not for what is still to be settled: of two copies of a domain on one
        // host nobody could say which is the one that the record means.
        (_settler, _ready) = (settler, true);
        Settled = SettleAsync(settler);
        _beside.Add(LookAfterAsync(_stop.Token));
    });

    public Task Settled { get; private set; } = Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _stop.Cancel();
        await Task.WhenAll([.. _running.Values, .. _beside, Settled]).WaitAsync(cancellationToken);
    }

    public void Dispose() => _stop.Dispose();

    public async Task<DomainView> CreateAsync(DomainSpec spec, CreateOptions options, CancellationToken cancellationToken)
    {
        Reserve(spec.Name);
        DomainTask task;
        try
        {
            var started = await _creator.CreateAsync(spec, options, cancellationToken);
            task = Run(started, options.Paused ? CopyPhase.Prepared : CopyPhase.Running);
        }
        catch
        {
            Release(spec.Name);
            throw;
        }
        return await task.ViewAsync(cancellationToken);
    }

    public async Task<ImmutableArray<DomainView>> ListAsync(CancellationToken cancellationToken)
    {
        var tasks = _domains.Values.OfType<DomainTask>().Where(task => !task.HasGone).OrderBy(task => task.Name, StringComparer.Ordinal);
        var views = await Task.WhenAll(tasks.Select(task => task.ViewAsync(cancellationToken)));
        return [.. views, .. _settler?.Views.Where(view => !views.Any(other => other.Record.Name == view.Record.Name)) ?? []];
    }

    public async Task<DomainView> ShowAsync(string domain, CancellationToken cancellationToken) =>
        await (await FindAsync(domain, cancellationToken)).ViewAsync(cancellationToken);

    public async Task ShutdownAsync(string domain, CancellationToken cancellationToken) =>
        await (await FindAsync(domain, cancellationToken)).AskAsync(DomainRequest.Shutdown, cancellationToken);

    public async Task RebootAsync(string domain, CancellationToken cancellationToken) =>
        await (await FindAsync(domain, cancellationToken)).AskAsync(DomainRequest.Reboot, cancellationToken);

    public async Task DestroyAsync(string domain, CancellationToken cancellationToken)
    {
        if (await WaitForAsync(domain, cancellationToken) is not { } task)
        {
            await RemoveRemainsAsync(domain, cancellationToken);
            return;
        }
        var running = _running.GetValueOrDefault(task, Task.CompletedTask);
        await task.AskAsync(DomainRequest.Destroy, cancellationToken);
        // Its name is free again when this returns: whoever destroys a domain may create it anew at once.
        if (task.HasGone)
            await running.WaitAsync(cancellationToken);
    }

    public async Task PauseAsync(string domain, CancellationToken cancellationToken) =>
        await (await FindAsync(domain, cancellationToken)).AskAsync(DomainRequest.Pause, cancellationToken);

    public async Task UnpauseAsync(string domain, CancellationToken cancellationToken) =>
        await (await FindAsync(domain, cancellationToken)).AskAsync(DomainRequest.Unpause, cancellationToken);

    public Task<DomainView> SetMemoryAsync(string domain, int mib, CancellationToken cancellationToken) =>
        ResizeAsync(domain, new HardwareChange.Memory(mib), cancellationToken);

    public Task<DomainView> SetVirtualCpusAsync(string domain, int count, CancellationToken cancellationToken) =>
        ResizeAsync(domain, new HardwareChange.Processors(count), cancellationToken);

    public Task TakeOverAsync(string domain, CancellationToken cancellationToken) => Serial.RunAsync(async () =>
    {
        DemandReady();
        _beside.Add(FollowTakeOverAsync(await TakeOver.RecordAsync(_parts, domain, cancellationToken)));
    });

    public async Task GrowDisksAsync(VolumeName volume, long sizeBytes, CancellationToken cancellationToken)
    {
        DemandReady();
        foreach (var task in _domains.Values.OfType<DomainTask>())
            await task.GrowDisksAsync(volume, sizeBytes, cancellationToken);
    }

    public async Task<Stream> OpenConsoleAsync(string domain, CancellationToken cancellationToken) =>
        await (await FindAsync(domain, cancellationToken)).OpenConsoleAsync(cancellationToken);

    public async Task<RelocationTicket> RelocateAsync(
        string domain, string destination, RelocationOptions options, CancellationToken cancellationToken)
    {
        var ticket = await (await FindAsync(domain, cancellationToken)).RelocateAsync(destination, options, cancellationToken);
        ImmutableInterlocked.Update(ref _tickets, tickets =>
        {
            tickets = tickets.Enqueue(ticket);
            return tickets.Count() > KeptTickets ? tickets.Dequeue() : tickets;
        });
        return ticket;
    }

    public Task AcceptAsync(IRelocationChannel channel, CancellationToken cancellationToken) => Serial.RunAsync(async () =>
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        try
        {
            await ServeAsync(channel, either.Token);
        }
        catch (ChannelException e)
        {
            Log.ChannelRefused(_log, channel.Peer, e.Message);
        }
        finally
        {
            await channel.DisposeAsync();
        }
    });

    private async Task<DomainView> ResizeAsync(string domain, HardwareChange change, CancellationToken cancellationToken)
    {
        var task = await FindAsync(domain, cancellationToken);
        await task.ResizeAsync(change, cancellationToken);
        return await task.ViewAsync(cancellationToken);
    }

    private async Task ServeAsync(IRelocationChannel channel, CancellationToken token)
    {
        if (await channel.ReceiveAsync(token) is not RelocationMessage.Hello hello)
            throw new ChannelException($"{channel.Peer} did not begin with Hello.");
        var offer = hello.Offer;
        if (Misdirected(channel, offer) is { } reason)
        {
            Log.ChannelRefused(_log, channel.Peer, reason);
            await channel.SendAsync(new RelocationMessage.Refused(reason, null), token);
            return;
        }
        try
        {
            await ReserveAsync(offer.Spec.Name, token);
        }
        catch (GodwitException e)
        {
            await channel.SendAsync(new RelocationMessage.Refused(e.Message, e.Remedy), token);
            return;
        }
        var arrived = false;
        try
        {
            var registry = new RelocationRegistry(
                _parts.Records, _parts.Registry, offer.Spec.Name, new RelocationIntent(offer.RelocationId, offer.From, offer.To), offer.Epoch);
            var site = new DestinationSite(_parts, offer, registry, (domain, ours, failure) =>
            {
                arrived = true;
                var task = Run(domain, offer.RunState == RunState.Running ? CopyPhase.Running : CopyPhase.Paused);
                // Somebody took it over before it had arrived: the copy goes, once it is shown that it is superseded.
                if (!ours)
                    task.Doubt();
                // The engine held the only good memory and would not run it: as after any crash, the policy says what follows.
                if (failure is not null)
                    task.Tell(new CopyEvent.Exited(_parts.Time.GetUtcNow(), failure));
            });
            await new DestinationRun(site, channel, hello, _parts.Time, _parts.Logs.CreateLogger<DestinationRun>(), _parts.Failpoints)
                .RunAsync(token);
        }
        finally
        {
            if (!arrived)
                Release(offer.Spec.Name);
        }
    }

    private string? Misdirected(IRelocationChannel channel, RelocationOffer offer)
    {
        if (offer.From != channel.Peer)
            return $"the offer says that it comes from {offer.From}, the certificate says {channel.Peer}";
        return offer.To != _parts.Name ? $"the offer is for {offer.To}; this is {_parts.Name}" : null;
    }

    // A copy that this host holds follows the record by itself; once nothing of the domain is here, it starts cold.
    private async Task FollowTakeOverAsync(DomainRecord record)
    {
        try
        {
            while (!(_domains.TryGetValue(record.Name, out var task) && task?.Epoch >= record.Epoch))
            {
                if (_domains.TryAdd(record.Name, null))
                {
                    await SettleLaterAsync(record.Name);
                    return;
                }
                task?.TakeBack(record);
                await Task.Delay(LookAgain, _parts.Time, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The daemon ends; the next one finds the record and starts it.
        }
    }

    /// <summary>
    /// What no event tells: a copy that runs hears of its successor from its disks, but for one that asks nothing of them; and a domain may be given back to a host that has lost its memory, and its power, meanwhile.
    /// </summary>
    private async Task LookAfterAsync(CancellationToken token)
    {
        while (!token.IsCancellationRequested)
        {
            await Task.Delay(LookInterval, _parts.Time, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            foreach (var task in _domains.Values.OfType<DomainTask>().Where(task => task.HearsNothing))
                task.Doubt();
            try
            {
                foreach (var record in await _parts.Registry.ListAsync(token))
                {
                    if (record.Owner == _parts.Name && record is ({ RunState: RunState.Running or RunState.Paused } or { RunState: RunState.Saved, Arriving: true }) && _domains.TryAdd(record.Name, null))
                        _beside.Add(SettleLaterAsync(record.Name));
                }
            }
            catch (Exception e) when (e is GodwitException or IOException or OperationCanceledException)
            {
                // The registry is away, and nothing depends on it now: it is asked again.
            }
        }
    }

    private async Task SettleLaterAsync(string name)
    {
        try
        {
            await NewSettler().SettleMissingLaterAsync(name, _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The daemon ends; the next one settles it.
        }
    }

    private Settler NewSettler() => new(_parts, _starter, (domain, phase) => Run(domain, phase), Release);

    private async Task SettleAsync(Settler settler)
    {
        try
        {
            await settler.SettleAsync(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The daemon ends; the next one settles it.
        }
    }

    /// <summary>Of a domain whose guest has ended and whose copy is gone only the record is left.</summary>
    private async Task RemoveRemainsAsync(string domain, CancellationToken cancellationToken)
    {
        DemandReady();
        var record = await _parts.Records.ReadAsync(domain, cancellationToken);
        if (record is null || record.Owner != _parts.Name)
            throw DomainTask.NoSuchDomain(domain);
        if (record.Arriving)
            throw new GodwitException("domain-is-busy", $"{domain} has just been given to {_parts.Name} and is being started.", "Try again in a moment.");
        Reserve(domain);
        try
        {
            if (record.RunState == RunState.Saved)
                _parts.Saved.Remove(domain);
            await _parts.Records.RemoveAsync(domain, r => r.Owner == _parts.Name && r.Epoch == record.Epoch, cancellationToken);
        }
        finally
        {
            Release(domain);
        }
    }

    private DomainTask Run(StartedDomain domain, CopyPhase phase)
    {
        // A guest that ended while no daemon was there to see it: what is to follow is still to be done.
        var unseen = phase is (CopyPhase.ShutOff or CopyPhase.Crashed) && domain.Record.RunState is (RunState.Running or RunState.Paused);
        var task = new DomainTask(_parts, _starter, domain, unseen ? CopyPhase.Running : phase);
        if (unseen)
        {
            var now = _parts.Time.GetUtcNow();
            task.Tell(phase == CopyPhase.Crashed ? new CopyEvent.GuestPanicked(now) : new CopyEvent.GuestPoweredOff(now));
        }
        _domains[task.Name] = task;
        _running[task] = RunAsync(task);
        return task;
    }

    private async Task RunAsync(DomainTask task)
    {
        await task.RunAsync(_stop.Token);
        _domains.TryRemove(new(task.Name, task));
        _running.TryRemove(task, out _);
    }
}
