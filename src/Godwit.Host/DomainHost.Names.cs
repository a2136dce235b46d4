using Godwit.Domains;

namespace Godwit.Host;

/// <content>The names of its domains: reserved before there is a task for one, found, and given back.</content>
public sealed partial class DomainHost
{
    private static readonly TimeSpan LeavingLimit = TimeSpan.FromSeconds(5), ComingLimit = TimeSpan.FromSeconds(10);

    private void DemandReady()
    {
        if (!_ready)
        {
            throw new GodwitException(
                "host-is-starting", $"{_parts.Name} has just started and does not know its own domains yet.", "Try again in a moment.");
        }
    }

    private void Reserve(string name)
    {
        DemandReady();
        if (!_domains.TryAdd(name, null))
        {
            throw new GodwitException(
                "domain-exists", $"{_parts.Name} has a domain {name} already, or is just getting one.", $"See `godwit info {name}`.");
        }
    }

    private void Release(string name) => _domains.TryRemove(new(name, null));

    // A domain that has just moved away may come straight back, while this host still clears up after it.
    private async Task ReserveAsync(string name, CancellationToken token)
    {
        if (_domains.TryGetValue(name, out var task) && task is { IsLeaving: true } && _running.TryGetValue(task, out var leaving))
            await Task.WhenAny(leaving, Task.Delay(LeavingLimit, _parts.Time, token));
        Reserve(name);
    }

    private async Task<DomainTask> FindAsync(string name, CancellationToken cancellationToken) =>
        await WaitForAsync(name, cancellationToken) ?? throw (await IsSavedAsync(name, cancellationToken) ? Saved(name) : DomainTask.NoSuchDomain(name));

    /// <summary>
    /// Whoever asks for a domain that is just arriving, or that a daemon which has just started settles, would ask again in a moment:
    /// it is waited for here.
    /// </summary>
    /// <returns>Null where it is not, or not any more.</returns>
    private async Task<DomainTask?> WaitForAsync(string name, CancellationToken cancellationToken)
    {
        var since = _parts.Time.GetTimestamp();
        DomainTask? task;
        while (_domains.TryGetValue(name, out task) && task is null)
        {
            if (_parts.Time.GetElapsedTime(since) >= ComingLimit)
                throw Busy(name);
            await Task.Delay(LookAgain, _parts.Time, cancellationToken);
        }
        return task;
    }

    private GodwitException Busy(string name) => new(
        "domain-is-busy",
        _settler is { } settler && settler.Waits.TryGetValue(name, out var wait)
            ? $"{name} is not settled yet: {wait}."
            : $"{name} is just arriving, being created or restored.",
        "Try again in a moment.");
}
