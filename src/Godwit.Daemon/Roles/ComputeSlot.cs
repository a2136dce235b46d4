using Godwit.Domains;
using Godwit.Host;
using Godwit.Hypervisors;
using Godwit.Storage;
using Godwit.Storage.Groups;

namespace Godwit.Daemon.Roles;

/// <summary>This host's domains, from the moment that they are settled.</summary>
internal sealed class ComputeSlot
{
    /// <summary>How long a request waits for a daemon that is just starting.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly TaskCompletionSource<RunningHost> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _tried = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends once there are domains to ask for, or it is known why there are none yet.</summary>
    public Task Tried => _tried.Task;

    public IDomainHost? Current => _ready.Task.IsCompletedSuccessfully ? _ready.Task.Result.Domains : null;

    /// <summary>Null until the engine has been asked.</summary>
    public EngineFacts? Facts => _ready.Task.IsCompletedSuccessfully ? _ready.Task.Result.Facts : null;

    /// <summary>Why there is nothing yet, in words for a person.</summary>
    public string Reason { get; set; } = "it has not joined a pool, or its daemon has just started";

    public void Enter(RunningHost host)
    {
        _ready.SetResult(host);
        _tried.TrySetResult();
    }

    /// <summary>There are none yet; it is tried again.</summary>
    public void Fail(string reason)
    {
        Reason = reason;
        _tried.TrySetResult();
    }

    /// <exception cref="GodwitException">This host runs no domains, or does not do so in time.</exception>
    public async Task<IDomainHost> GetAsync(bool hasRole, string name, CancellationToken cancellationToken) =>
        (await RunningAsync(hasRole, name, cancellationToken)).Domains;

    /// <summary>The shared groups as this host has them.</summary>
    /// <inheritdoc cref="GetAsync"/>
    public async Task<SharedGroups> GroupsAsync(bool hasRole, string name, CancellationToken cancellationToken) =>
        (await RunningAsync(hasRole, name, cancellationToken)).Groups
        ?? throw new GodwitException(StorageErrors.NoKernelDriver, $"{name} has no disks of the pool.");

    private async Task<RunningHost> RunningAsync(bool hasRole, string name, CancellationToken cancellationToken)
    {
        if (!hasRole)
        {
            throw new GodwitException(
                "no-compute-role", $"{name} does not have the role compute: it runs no domains.", "Name another host with --host.");
        }
        try
        {
            return await _ready.Task.WaitAsync(Patience, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new GodwitException("host-starting", $"{name} is not ready for domains: {Reason}.", "Its log says more: journalctl -u godwitd", e);
        }
    }
}

/// <param name="Domains">Has been started.</param>
/// <param name="Facts">What its engine is.</param>
/// <param name="Groups">The shared groups as it has them; null where its disks are others than the pool's.</param>
internal sealed record RunningHost(IDomainHost Domains, EngineFacts Facts, SharedGroups? Groups = null);
