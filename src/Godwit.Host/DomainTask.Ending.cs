using Godwit.Domains;
using Godwit.Host.Recover;
using Godwit.Hypervisors;

namespace Godwit.Host;

/// <content>The end of a guest, and what is to follow it.</content>
internal sealed partial class DomainTask
{
    private async Task FollowAsync(LifecycleAction action, RunState kept, CancellationToken token)
    {
        // An engine that ended after its guest has nothing more to tell.
        if (_endFollowed)
            return;
        _endFollowed = true;
        switch (action)
        {
            case LifecycleAction.Destroy:
                await EndAsync(token);
                break;
            case LifecycleAction.Preserve:
                _phase = kept == RunState.Crashed ? CopyPhase.Crashed : CopyPhase.ShutOff;
                if (!await SetRunStateAsync(kept, token))
                    Doubt();
                break;
            case LifecycleAction.Restart:
                await StartColdAsync(token);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(action), action, "No such action.");
        }
    }

    /// <summary>Throws the copy away and follows the policy: a new start, or a record that says crashed.</summary>
    private async Task StartColdAsync(CancellationToken token)
    {
        Activity = DomainActivity.Starting;
        var old = _domain.Copy;
        await ClearAsync(token);
        if (await new ColdStart(_parts, _starter).RunAsync(_domain.Record, token) is { } started)
        {
            _domain = started;
            _phase = CopyPhase.Running;
            _endFollowed = false;
            PumpEvents(_domain.Copy, token);
            await old.DisposeAsync();
        }
        else if (await _parts.Records.ReadAsync(Name, token) is { } record && record.Owner == _parts.Name)
        {
            _phase = CopyPhase.Crashed;
            _endFollowed = true;
            _domain = _domain with { Record = record };
        }
        else
        {
            _gone = true;
        }
        Activity = DomainActivity.Settled;
    }

    /// <summary>Ends the domain: no copy, no attachment, no record.</summary>
    private async Task EndAsync(CancellationToken token)
    {
        Activity = DomainActivity.Ending;
        await ClearAsync(token);
        await _parts.Records.RemoveAsync(Name, record => record.Owner == _parts.Name, token);
        _gone = true;
    }

    private async Task ClearAsync(CancellationToken token)
    {
        foreach (var port in _domain.Copy.Ports)
            _parts.Network.Unwatch(port);
        await _domain.Copy.DestroyAsync(token);
        foreach (var disk in _domain.Disks)
            await _parts.Disks.DetachAsync(disk, token);
    }
}
