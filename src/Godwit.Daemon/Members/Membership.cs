using Godwit.Domains;

namespace Godwit.Daemon.Members;

/// <summary>The pool that this host belongs to, from the moment it does.</summary>
internal sealed class Membership
{
    private readonly TaskCompletionSource<PoolIdentity> _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public PoolIdentity? Current => _joined.Task.IsCompletedSuccessfully ? _joined.Task.Result : null;

    /// <summary>Ends once the host is a member; all that needs a pool waits for it.</summary>
    public Task<PoolIdentity> WaitAsync(CancellationToken cancellationToken) => _joined.Task.WaitAsync(cancellationToken);

    public void Enter(PoolIdentity identity) => _joined.SetResult(identity);

    /// <exception cref="GodwitException">This host belongs to no pool.</exception>
    public PoolIdentity Require() => Current ?? throw new GodwitException(
        "no-pool", "This host is not in a pool yet.",
        "Make one with `godwit pool init`, or join one with `godwit pool join MEMBER --token TOKEN`.");
}
