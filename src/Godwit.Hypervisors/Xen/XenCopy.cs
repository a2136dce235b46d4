using System.Collections.Immutable;
using System.Globalization;
using System.Threading.Channels;
using Godwit.Domains;
using Godwit.Hypervisors.Xen.Console;
using Godwit.Hypervisors.Xen.Migration;
using Godwit.Hypervisors.Xen.Toolstack;
using Pipe = System.Threading.Channels.Channel;

namespace Godwit.Hypervisors.Xen;

/// <summary>
/// A copy of a domain in Xen, steered by <c>xl</c>. What Xen's states are here:
/// <code>
///  cold:     --p--- ──unpause──► r, b ──guest ends──► s (reason)                   Prepared, Running, ShutOff or Crashed
///  source:   r, b ──suspended──► s (suspend) and p ──marked──► the same            Running, SwitchingOver, Held
///  receiver: NAME--incoming --p--- ──ready──► the same ──permission──► r, b        Receiving, Loaded, Running
/// </code>
/// Hold is the mark in the run directory, made once the pause count of ours is taken and the receiver is ready: xl waits for a
/// word that it is not given, and were it to resume the guest (whoever holds its pipes has died), the count keeps it still.
/// </summary>
internal sealed partial class XenCopy : IDomainCopy
{
    private const string IncomingSuffix = "--incoming", EndOfDomains = "@releaseDomain";
    private const int DestroyAttempts = 5, SectorBytes = 512;
    private static readonly TimeSpan GrowLook = TimeSpan.FromMilliseconds(50);
    private readonly XenRunDirectory _directory;
    private readonly XenParts _parts;
    private readonly XenConsole _console;
    private readonly Channel<CopyEvent> _events = Pipe.CreateUnbounded<CopyEvent>(new() { SingleReader = true });
    private readonly CancellationTokenSource _letGo = new();
    private readonly SemaphoreSlim _ending = new(1, 1);
    private Task _watching = Task.CompletedTask;
    private OutgoingMove? _outgoing;
    private IncomingMove? _incoming;
    private SendRate? _rate;
    private bool _endTold, _destroyed, _sendPrepared;
    private int _exited;

    public XenCopy(CopyDescription description, XenRunDirectory directory, XenParts parts)
    {
        (Order, Ports, _directory, _parts) = (description.Order, description.Ports, directory, parts);
        _console = new XenConsole(parts.Store, directory.ConsoleLog, parts.Time);
    }

    public Guid CopyId => Order.CopyId;

    public CopyOrder Order { get; private set; }

    public ImmutableArray<GuestPort> Ports { get; }

    public ChannelReader<CopyEvent> Events => _events.Reader;

    private string Name => Order.Spec.Name;

    private Xl Xl => _parts.Xl;

    private bool IsReceiver => _incoming is not null && !_directory.HasRun;

    /// <summary>Its domain, also one that is on its way; null when there is none.</summary>
    public async Task<XlDomain?> FindAsync(CancellationToken cancellationToken)
    {
        var (domains, known) = (await Xl.ListAsync(cancellationToken), _directory.DomainId);
        return domains.FirstOrDefault(domain => known is { } id ? domain.Id == id : MayBe(domain));
    }

    // By its identity too: a domain that somebody else gave the name is not ours to touch. One that has its name is no receiver,
    // which gets it with the permission to run: the domain may have come here another time, and run.
    private bool MayBe(XlDomain domain) => domain.Uuid == Order.Spec.Uuid
        && (domain.Name == Name + IncomingSuffix || (domain.Name == Name && !_directory.IsReceiver));

    /// <summary>It is this domain of Xen's from now on.</summary>
    public void Follow(int domain)
    {
        _directory.DomainId = domain;
        _console.Follow(domain);
        if (_watching.IsCompleted) _watching = WatchAsync();
    }

    /// <summary>One that an earlier daemon made.</summary>
    public void Reconnect(XlDomain domain)
    {
        if (_directory.IsReceiver) _incoming = IncomingMove.Find(_directory, Name, Post, _parts.Time);
        else Follow(domain.Id);
        if (_directory.IsHeld) _outgoing = OutgoingMove.Find(_directory, _parts, domain.Id, Name, Post);
    }

    public void BeginReceiving() => _incoming = IncomingMove.Start(_directory, Xl, _parts.Scripts, Name, Post, _parts.Time);

    public async Task<CopyStatus> QueryAsync(CancellationToken cancellationToken)
    {
        var domain = await FindAsync(cancellationToken);
        return new CopyStatus(Phase(domain), domain?.CpuTime ?? TimeSpan.Zero, domain?.MemoryMiB ?? Order.Spec.MemoryMiB, 0)
        {
            VirtualCpus = domain?.VirtualCpus ?? 0,
        };
    }

    public async Task ContinueAsync(CancellationToken cancellationToken)
    {
        if (IsReceiver)
        {
            await _incoming!.LetRunAsync(_parts.Options.StepLimit, cancellationToken);
            Post(new CopyEvent.Resumed(_parts.Time.GetUtcNow()));
            // Which number it has is looked for beside: the network waits to hear of it.
            _watching = WatchAsync();
            return;
        }
        if (_outgoing is { } move && (_directory.IsHeld || _directory.IsPaused))
        {
            await move.ReleaseAsync(cancellationToken);
            await EndMoveAsync();
        }
        var domain = await FindAsync(cancellationToken) ?? throw new EngineGoneException($"The domain of {Name} was gone before it was told to run.");
        if (domain.Shutdown == ShutdownReason.Suspend)
        {
            Log.Resuming(_parts.Log, Name);
            await SuspendedGuest.ResumeAsync(_directory, _parts, domain.Id, Name, cancellationToken);
        }
        // Before the command, so that a copy found again is never taken for one that did not run.
        _directory.MarkRun();
        if (domain.Paused || domain.Shutdown == ShutdownReason.Suspend) await Xl.UnpauseAsync(domain.Id, cancellationToken);
        Post(new CopyEvent.Resumed(_parts.Time.GetUtcNow()));
    }

    public async Task PauseAsync(CancellationToken cancellationToken)
    {
        var domain = await ThereAsync(cancellationToken);
        // A second count would have to be taken back by somebody.
        if (!domain.Paused) await Xl.PauseAsync(domain.Id, cancellationToken);
        Post(new CopyEvent.Stopped(_parts.Time.GetUtcNow()));
    }

    public async Task RequestShutdownAsync(CancellationToken cancellationToken) =>
        await Xl.ShutdownAsync((await ThereAsync(cancellationToken)).Id, cancellationToken);

    public async Task RebootAsync(CancellationToken cancellationToken) =>
        await Xl.RebootAsync((await ThereAsync(cancellationToken)).Id, cancellationToken);

    public async Task DestroyAsync(CancellationToken cancellationToken)
    {
        await EndProcessesAsync();
        await EndMoveAsync();
        await DestroyDomainAsync(cancellationToken);
        await ExitAsync("it was destroyed");
        _directory.Remove();
        await _letGo.CancelAsync();
    }

    /// <summary>Ends its domain, if it has one.</summary>
    public async Task DestroyDomainAsync(CancellationToken cancellationToken)
    {
        await _ending.WaitAsync(cancellationToken);
        try
        {
            if (_destroyed = await TryDestroyKnownAsync(cancellationToken)) return;
            for (var attempt = 1; await FindAsync(cancellationToken) is { } domain; attempt++)
            {
                try
                {
                    // One that is dying already goes by itself, when its memory has been given back.
                    if (!domain.Dying) await Xl.DestroyAsync(domain.Id, cancellationToken);
                    else if (attempt > DestroyAttempts) return;
                }
                catch (GodwitException) when (attempt < DestroyAttempts)
                {
                    // What was just making or ending it held on to it.
                }
                if (attempt > 1) await Task.Delay(TimeSpan.FromMilliseconds(100), _parts.Time, cancellationToken);
            }
        }
        finally
        {
            _ending.Release();
        }
    }

    // Its number is no other domain's, and a list of all of them costs a process: the usual way needs none.
    private async Task<bool> TryDestroyKnownAsync(CancellationToken cancellationToken)
    {
        if (_directory.DomainId is not { } known) return false;
        try
        {
            await Xl.DestroyAsync(known, cancellationToken);
            return true;
        }
        catch (GodwitException)
        {
            // It is gone already, or something held on to it: the list tells.
            return false;
        }
    }

    /// <summary>Those of a move, xl before the one that holds its pipes, so that it resumes nothing.</summary>
    public async Task EndProcessesAsync()
    {
        foreach (var part in (string[])["xl", "holder"])
        {
            if (_directory.FindProcess(part) is { } process) await process.EndAsync();
        }
    }

    /// <summary>Xen's block backend looks at its device ten times a second, and tells the guest; what it told is in the store.</summary>
    public async Task GrowDiskAsync(int index, long sizeBytes, CancellationToken cancellationToken)
    {
        var domain = await ThereAsync(cancellationToken);
        var node = string.Create(CultureInfo.InvariantCulture, $"/local/domain/0/backend/vbd/{domain.Id}/{XlConfig.DiskNumber(index)}/sectors");
        var began = _parts.Time.GetTimestamp();
        while (!long.TryParse(await _parts.Store.ReadAsync(node, cancellationToken), CultureInfo.InvariantCulture, out var sectors) || sectors * SectorBytes < sizeBytes)
        {
            if (_parts.Time.GetElapsedTime(began) > _parts.Options.GrowLimit)
            {
                throw new GodwitException("disk-not-grown", $"Xen does not take the new size of disk {XlConfig.NameDisk(index)} of {Name}.",
                    "Repeat the command; after its next start the domain has the new size in any case.");
            }
            await Task.Delay(GrowLook, _parts.Time, cancellationToken);
        }
    }

    public Task SetMemoryAsync(int mib, CancellationToken cancellationToken) =>
        ResizeAsync(Order.Spec.WithMemory(mib), id => Xl.SetMemoryAsync(id, mib, cancellationToken), cancellationToken);

    public Task SetVirtualCpusAsync(int count, CancellationToken cancellationToken) =>
        ResizeAsync(Order.Spec.WithVirtualCpus(count), id => Xl.SetVirtualCpusAsync(id, count, cancellationToken), cancellationToken);

    public Task<Stream> OpenConsoleAsync(CancellationToken cancellationToken) => Task.FromResult<Stream>(_console.Open());

    /// <summary>Starts xl, which then waits for the first word of a receiver and has done nothing to the guest.</summary>
    public async Task PrepareSendAsync(SendOptions options, CancellationToken cancellationToken)
    {
        var domain = await ThereAsync(cancellationToken);
        if (domain.Paused)
        {
            var (what, verb) = options.ToFile ? ("saves", "save") : ("moves", "migrate");
            throw new GodwitException(
                "paused-domain-cannot-move", $"{Name} is paused, and Xen {what} a guest only with its help.", $"Run: godwit unpause {Name}, and {verb} it again.");
        }
        await EndMoveAsync();
        _outgoing = await OutgoingMove.StartAsync(_directory, _parts, domain.Id, Name, PostOfMove, options.ToFile, cancellationToken);
        _sendPrepared = true;
    }

    public async Task<Stream> SendAsync(SendOptions options, CancellationToken cancellationToken)
    {
        if (!_sendPrepared) await PrepareSendAsync(options, cancellationToken);
        _sendPrepared = false;
        _rate = new SendRate(_parts.Time);
        return _outgoing!.OpenStream();
    }

    public Task<SendProgress> QuerySendAsync(CancellationToken cancellationToken)
    {
        var total = Order.Spec.MemoryMiB * (1L << 20);
        var (sent, round) = (_outgoing?.MemoryBytes ?? 0, _outgoing?.Round ?? 0);
        return Task.FromResult(new SendProgress(round, sent, round > 1 ? 0 : Math.Max(0, total - sent), total, 0, _rate?.Of(sent) ?? 0, 0));
    }

    public Task PermitSwitchoverAsync(CancellationToken cancellationToken)
    {
        _outgoing?.Permit();
        return Task.CompletedTask;
    }

    public async Task CancelSendAsync(CancellationToken cancellationToken)
    {
        _sendPrepared = false;
        if (_outgoing is { } move) await move.CancelAsync(cancellationToken);
    }

    /// <summary>What the backend holds for a guest that does not run cannot be taken out of it.</summary>
    public IReadOnlyList<byte[]> TakeWaiting(GuestPort port) => [];

    public Task<Stream> ReceiveAsync(CancellationToken cancellationToken) =>
        _incoming?.OpenStreamAsync(_parts.Options.StepLimit, cancellationToken) ?? throw new InvalidOperationException($"{Name} is no receiver.");

    public async ValueTask DisposeAsync()
    {
        await _letGo.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await EndMoveAsync();
        await _console.DisposeAsync();
        _events.Writer.TryComplete();
        _letGo.Dispose();
    }

    private CopyPhase Phase(XlDomain? domain)
    {
        if (IsReceiver)
        {
            var loading = domain is not null && !_directory.IsLoaded;
            // Without xl nobody is there who would let run what was loaded.
            if (!loading && _directory.FindProcess("xl") is null) return CopyPhase.Gone;
            return loading || domain is null ? CopyPhase.Receiving : CopyPhase.Loaded;
        }
        // Its guest has ended one life and not begun the next, in which it is the same domain to everybody else.
        if (Restarts(domain)) return CopyPhase.Running;
        if (domain is null or { Dying: true }) return CopyPhase.Gone;
        if (_directory.IsHeld) return domain.Paused || domain.Shutdown == ShutdownReason.Suspend ? CopyPhase.Held : CopyPhase.Running;
        if (_outgoing is { IsSwitchingOver: true }) return CopyPhase.SwitchingOver;
        return domain.Shutdown switch
        {
            // Nobody is there who would resume it.
            ShutdownReason.Suspend => CopyPhase.Held,
            ShutdownReason.Crash or ShutdownReason.Watchdog => CopyPhase.Crashed,
            not null => CopyPhase.ShutOff,
            null when domain.Paused => _directory.HasRun ? CopyPhase.Paused : CopyPhase.Prepared,
            null => CopyPhase.Running,
        };
    }

    private async Task<XlDomain> ThereAsync(CancellationToken cancellationToken)
    {
        // What is told to a guest that is just restarting is meant for its next life.
        await _ending.WaitAsync(cancellationToken);
        try
        {
            return await FindAsync(cancellationToken) ?? throw new EngineGoneException($"The domain of {Name} has ended.");
        }
        finally
        {
            _ending.Release();
        }
    }

    // Before it is done: a daemon that dies in between leaves a note of what the guest may have by now, and its successor
    // sees that the record says something else.
    private async Task ResizeAsync(DomainSpec next, Func<int, Task> resize, CancellationToken cancellationToken)
    {
        var (domain, before) = (await ThereAsync(cancellationToken), Order);
        Note(before with { Spec = next });
        try
        {
            await resize(domain.Id);
        }
        catch (GodwitException)
        {
            Note(before);
            throw;
        }
    }

    private void Note(CopyOrder order)
    {
        _directory.Write(new CopyDescription(order, Ports), _parts.Scripts);
        Order = order;
    }

    private async Task EndMoveAsync()
    {
        if (Interlocked.Exchange(ref _outgoing, null) is { } move) await move.DisposeAsync();
        if (_incoming is { } incoming && (_directory.HasRun || _letGo.IsCancellationRequested || _endTold))
        {
            _incoming = null;
            await incoming.DisposeAsync();
        }
    }

    private void Post(CopyEvent @event) => _events.Writer.TryWrite(@event);
}
