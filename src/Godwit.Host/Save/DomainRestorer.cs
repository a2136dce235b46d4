using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Host.Relocate;
using Godwit.Hypervisors;
using Godwit.Pool;
using Godwit.Pool.Journal;
using Godwit.Pool.Ownership;
using Godwit.Storage.Volumes;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Save;

/// <summary>A domain that was restored.</summary>
/// <param name="Domain">Its copy.</param>
/// <param name="Failure">Why its guest does not run though it was told to: it may have run, and its memory is given up; else null.</param>
internal sealed record RestoredDomain(StartedDomain Domain, string? Failure);

/// <summary>
/// Puts saved memory back over the disks that it belongs to.
/// <code>
///  Saved ──► Saved, arriving ──► loaded, digest compared ──► disks taken ──► Running or Paused ──► the guest runs, the file goes
///    ▲         (new epoch)                │                      │ one was another's since              │ engine gone before
///    └────────────────────────────────────┴──────────────────────┴── saved, and stale                   └──► Saved
/// </code>
/// The record says Running before the guest is told so: who dies in between leaves a domain whose memory is given up, never one
/// whose file could be put over what the guest has written.
/// </summary>
internal sealed class DomainRestorer(HostParts parts, DomainStarter starter)
{
    /// <summary>Step in the journal of a domain that is being restored: until its record says otherwise it is saved still.</summary>
    public const string Restore = "restore";
    private static readonly TimeSpan NoteLimit = TimeSpan.FromSeconds(10);
    private readonly ILogger _log = parts.Logs.CreateLogger<DomainRestorer>();

    /// <param name="domain">Its name, which is reserved.</param>
    /// <param name="options">How it is to go on.</param>
    /// <param name="progress">Takes the bytes of the engine's stream.</param>
    /// <param name="asked">Whoever asked for it gives it up; heard until the disks are taken.</param>
    /// <param name="daemon">The daemon ends; the next one finds the domain saved.</param>
    /// <exception cref="GodwitException">It was not restored. Unless somebody took it over it is saved as it was.</exception>
    public async Task<RestoredDomain> RestoreAsync(
        string domain, RestoreOptions options, IProgress<WorkProgress> progress, CancellationToken asked, CancellationToken daemon)
    {
        var record = await parts.Records.ReadAsync(domain, asked);
        if (record is null || record.Owner != parts.Name)
            throw DomainTask.NoSuchDomain(domain);
        if (record is not { RunState: RunState.Saved, Saved: { } saved })
            throw NotSaved(domain);
        if (record.Arriving)
            throw new GodwitException("domain-is-busy", $"What became of an earlier restore of {domain} is being settled.", "Try again in a moment.");
        if (saved.Stale)
            throw Stale(domain);
        await using var file = await SavedReader.OpenAsync(parts.Saved, domain, asked);
        await CheckAsync(record, saved, file, asked);

        var state = options.Paused || saved.Paused ? RunState.Paused : RunState.Running;
        var entry = starter.Entry(domain, Restore);
        await parts.Journal.WriteAsync(entry, asked);
        var undo = new UndoStack(parts.Time, _log);
        undo.Push("forget the journal entry", _ => parts.ForgetAsync(entry, _log));
        DomainRecord? restoring = null;
        // While it is not known who had the disks before: that is asked again by whoever looks after this host's records.
        IDomainCopy? asking = null;
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(asked, daemon);
            // Not given up half way: what became of the change is to be known.
            restoring = await parts.Records.ChangeAsync(
                domain,
                r => r.Owner == parts.Name && r.Epoch > record.Epoch && r is { RunState: RunState.Saved, Arriving: true },
                r => Transitions.BeginRestore(r, parts.Name, record.Epoch),
                daemon) ?? throw Superseded(domain);
            await ReachAsync("restore.Prepare", domain, daemon);
            var attached = await starter.AttachAsync(record.Spec, undo, either.Token);
            var copy = await EngineStart.RunAsync(
                parts, attached, undo,
                () => parts.Hypervisor.PrepareReceiverAsync(DomainStarter.Order(parts, record, attached, entry.CopyId), either.Token), either.Token);
            await ReachAsync("restore.Load", domain, daemon);
            await SavedMemoryFeed.RunAsync(copy, file, progress, either.Token);
            await ReachAsync("restore.Fence", domain, daemon);
            asking = copy;
            (attached, var older) = await SavedDisks.TakeAsync(parts, _log, attached, saved, restoring.Epoch, daemon);
            asking = null;
            saved = SavedDisks.Judge(saved, restoring.Epoch, older);
            if (older)
                throw Stale(domain);
            await ReachAsync("restore.Commit", domain, daemon);
            return await LetRunAsync(restoring, saved, state, new StartedDomain(record, copy, attached), () => EndAsync(copy, entry, undo), daemon);
        }
        // The next daemon asks the disks, which it can for as long as they are attached.
        catch (Exception e) when (!daemon.IsCancellationRequested)
        {
            if (asking is not null)
                await asking.DestroyAsync(CancellationToken.None);
            else
                await GiveUpAsync(restoring, saved, undo);
            if (e is IOException or OperationCanceledException && !Failure.IsEnd(e, asked))
                throw new GodwitException("restore-failed", $"{domain} was not restored, and is saved as it was: {e.Message}", "See the log of godwitd, and try again.", e);
            throw;
        }
    }

    public static GodwitException NotSaved(string domain) =>
        new("domain-not-saved", $"{domain} is not saved: there is nothing to restore.", $"See `godwit info {domain}`.");

    private static GodwitException Stale(string domain) => new(
        "saved-memory-is-stale", $"A disk of {domain} has been another's since its memory was saved: put over it, the memory would destroy what is there.",
        SavedReader.StartCold(domain));

    private static GodwitException Superseded(string domain) =>
        new("superseded", $"The record of {domain} was changed by somebody else while it was restored.", $"See `godwit info {domain}`.");

    /// <summary>All that can be refused before anything is changed.</summary>
    private async Task CheckAsync(DomainRecord record, SavedMemory saved, SavedReader file, CancellationToken token)
    {
        if (file.Offer.RelocationId != saved.Id)
        {
            throw new GodwitException(
                "saved-memory-missing", $"What lies in {parts.Saved.Place} is of another save of {record.Name} than its record names.", SavedReader.StartCold(record.Name));
        }
        OfferCheck.Engine(file.Offer, parts, await parts.Resources.AskAvailableMemoryMiBAsync(file.Offer.Spec.MemoryMiB, token));
        foreach (var nic in record.Spec.Interfaces)
            parts.Network.CheckBridge(nic.Bridge);
        var found = await Task.WhenAll(record.Spec.Disks.Select(disk => parts.Disks.IdentifyAsync(disk, token)));
        for (var i = 0; i < found.Length; i++)
            OfferCheck.SavedDisk(file.Offer.Disks[i], found[i]);
    }

    private async Task<RestoredDomain> LetRunAsync(
        DomainRecord restoring, SavedMemory saved, RunState state, StartedDomain domain, Func<Task> ended, CancellationToken daemon)
    {
        var (name, epoch, copy) = (restoring.Name, restoring.Epoch, domain.Copy);
        var awake = await parts.Records.ChangeAsync(
            name,
            r => r.Owner == parts.Name && r.Epoch == epoch && r.RunState == state,
            r => Transitions.Wake(r, parts.Name, epoch, state),
            daemon) ?? throw Superseded(name);
        await ReachAsync("restore.Resume", name, daemon);
        var failure = await TellAsync(copy, state, daemon);
        if (failure is EngineGoneException gone)
        {
            // It has certainly not run: the file is as good as it was.
            await parts.Records.ChangeAsync(
                name,
                r => r.Owner == parts.Name && r.Epoch == epoch && r.Saved?.Id == saved.Id,
                r => Transitions.Save(r, parts.Name, epoch, saved),
                daemon);
            throw new GodwitException("restore-failed", $"{name} was not restored, and is saved as it was: {gone.Message}", "Try again.", gone);
        }
        await ReachAsync("restore.Remove", name, daemon);
        await ended();
        return new RestoredDomain(domain with { Record = awake }, failure?.Message);
    }

    /// <summary>Nothing is undone any more, whatever fails here.</summary>
    private async Task EndAsync(IDomainCopy copy, JournalEntry entry, UndoStack undo)
    {
        undo.Keep();
        parts.ForgetSaved(copy.Order.Spec.Name, _log);
        await parts.ForgetAsync(entry, _log);
        try
        {
            foreach (var port in copy.Ports)
            {
                parts.Network.Watch(port, []);
                await parts.Network.AnnounceAsync(port, [], CancellationToken.None);
                await parts.Network.SettleAsync(port, [], CancellationToken.None);
            }
        }
        catch (Exception e) when (e is GodwitException or IOException)
        {
            // The guest's own frames tell where it is.
            Log.TryingAgain(_log, copy.Order.Spec.Name, "announce it", e);
        }
    }

    /// <returns>Null: it does as it was told. An <see cref="EngineGoneException"/>: it has certainly not run; any other: it may have.</returns>
    private static async Task<Exception?> TellAsync(IDomainCopy copy, RunState state, CancellationToken daemon)
    {
        try
        {
            if (state == RunState.Running)
                await copy.ContinueAsync(daemon);
            else if ((await copy.QueryAsync(daemon)).Phase == CopyPhase.Gone)
                return new EngineGoneException("the engine has ended");
            return null;
        }
        catch (Exception e) when (e is EngineGoneException)
        {
            return e;
        }
        catch (Exception e) when (Failure.IsForeseen(e, daemon))
        {
            return await FindPhaseAsync(copy, daemon) switch
            {
                CopyPhase.Loaded => new EngineGoneException(e.Message, e),
                CopyPhase.Running => null,
                _ => e,
            };
        }
    }

    private static async Task<CopyPhase?> FindPhaseAsync(IDomainCopy copy, CancellationToken daemon)
    {
        try
        {
            return (await copy.QueryAsync(daemon)).Phase;
        }
        catch (Exception e) when (Failure.IsForeseen(e, daemon))
        {
            return null;
        }
    }

    private async Task GiveUpAsync(DomainRecord? restoring, SavedMemory saved, UndoStack undo)
    {
        using var limit = new CancellationTokenSource(NoteLimit, parts.Time);
        try
        {
            if (restoring is not null)
                await SavedSettling.EndAsync(parts, restoring, saved, limit.Token);
        }
        catch (OperationCanceledException e)
        {
            // While the registry is away it stays arriving, and is settled as a restore that was cut short.
            Log.TryingAgain(_log, restoring!.Name, "record that it is saved as it was", e);
        }
        await undo.UndoAsync();
    }

    private ValueTask ReachAsync(string point, string domain, CancellationToken token) =>
        parts.Failpoints?.ReachAsync(point, domain, token) ?? ValueTask.CompletedTask;
}
