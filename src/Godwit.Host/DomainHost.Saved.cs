using Godwit.Domains;
using Godwit.Host.Save;
using Godwit.Hypervisors;
using Godwit.Storage.Volumes;

namespace Godwit.Host;

/// <content>Domains whose memory lies in a file: no task has them, for nothing of them runs.</content>
public sealed partial class DomainHost
{
    public async Task SaveAsync(string domain, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        var task = await FindAsync(domain, cancellationToken);
        var running = _running.GetValueOrDefault(task, Task.CompletedTask);
        await task.SaveAsync(progress, cancellationToken);
        // It can be restored when this returns.
        await running;
    }

    public async Task<DomainView> RestoreAsync(
        string domain, RestoreOptions options, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        DemandReady();
        while (!_domains.TryAdd(domain, null))
        {
            if (await WaitForAsync(domain, cancellationToken) is not null)
                throw DomainRestorer.NotSaved(domain);
        }
        DomainTask task;
        try
        {
            var (restored, failure) = await new DomainRestorer(_parts, _starter).RestoreAsync(domain, options, progress, cancellationToken, _stop.Token);
            task = Run(restored, restored.Record.RunState == RunState.Running ? CopyPhase.Running : CopyPhase.Paused);
            // As after any crash the policy says what follows.
            if (failure is not null)
                task.Tell(new CopyEvent.Exited(_parts.Time.GetUtcNow(), failure));
        }
        catch
        {
            Release(domain);
            throw;
        }
        return await task.ViewAsync(CancellationToken.None);
    }

    private async Task<bool> IsSavedAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await _parts.Registry.FindAsync(name, cancellationToken) is { RunState: RunState.Saved } record && record.Owner == _parts.Name;
        }
        catch (GodwitException)
        {
            // The registry is away: this host has no copy of it, which is all that is known.
            return false;
        }
    }

    private static GodwitException Saved(string name) =>
        new("domain-is-saved", $"{name} is saved: its memory lies in a file, and nothing of it runs.", $"Let it go on with `godwit restore {name}`.");
}
