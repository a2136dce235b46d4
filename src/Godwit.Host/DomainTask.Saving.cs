using Godwit.Domains;
using Godwit.Host.Save;
using Godwit.Storage.Volumes;

namespace Godwit.Host;

/// <content>Its memory goes to a file of this host.</content>
internal sealed partial class DomainTask
{
    private static readonly TimeSpan ClearAgain = TimeSpan.FromSeconds(1);
    private DomainItem.Save? _saveAsked;

    /// <summary>Ends when it is saved and nothing of it is here; or with the reason why the guest goes on.</summary>
    public async Task SaveAsync(IProgress<WorkProgress> progress, CancellationToken asked)
    {
        var item = new DomainItem.Save(progress, asked);
        await EnqueueAsync(item, asked);
        await item.Ended.Task;
    }

    private async Task BeginSaveAsync(DomainItem.Save request, CancellationToken token)
    {
        await AllowedAsync(DomainRequest.Save, token);
        SaveSpace.Demand(_parts.Saved, _domain.Record.Spec);
        // The record decides at the end, with the guest stopped.
        await _parts.Registry.ProbeAsync(token);
        var run = new SaveRun(_parts, _domain, Offer(_parts.Resources.NewId(), _parts.Name), request.Progress);
        (_saving, _saveAsked, Activity) = (run, request, DomainActivity.Saving);
        _runTask = FollowAsync(run, request, token);
    }

    private async Task FollowAsync(SaveRun run, DomainItem.Save request, CancellationToken token) =>
        _inbox.Writer.TryWrite(new DomainItem.SaveEnded(request, await run.RunAsync(request.Asked, token)));

    private async Task TakeSaveEndAsync(DomainItem.SaveEnded ended, CancellationToken token)
    {
        var run = _saving!;
        (_saving, _saveAsked) = (null, null);
        switch (ended.How)
        {
            case SaveEnding.Saved:
                Activity = DomainActivity.Ending;
                await ClearAtLastAsync(token);
                await run.DisposeAsync();
                _gone = true;
                ended.Asked.Ended.TrySetResult();
                break;
            case SaveEnding.Lost:
                Activity = DomainActivity.Settled;
                Refuse(ended.Asked, TakenMeanwhile());
                break;
            case SaveEnding.Kept { Why: var why }:
                Activity = DomainActivity.Settled;
                Refuse(ended.Asked, why);
                await FollowMeanwhileAsync(token);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(ended), ended.How, "No such ending.");
        }
    }

    private static void Refuse(DomainItem.Save request, Exception why)
    {
        if (request.Ended.TrySetException(why))
            _ = request.Ended.Task.Exception; // Perhaps nobody waits any more.
    }

    // The record says that it is saved: from here only forward.
    private async Task ClearAtLastAsync(CancellationToken token)
    {
        while (true)
        {
            try
            {
                await ClearAsync(token);
                return;
            }
            catch (Exception e) when (Failure.IsForeseen(e, token))
            {
                Log.TryingAgain(_log, Name, "clear away its saved copy", e);
                await Task.Delay(ClearAgain, _parts.Time, token);
            }
        }
    }
}
