using System.Collections.Immutable;
using Godwit.Daemon.Config;
using Godwit.Daemon.Volumes;
using Godwit.Domains;

namespace Godwit.Daemon.Roles;

/// <summary>This host's volumes, from the moment that they are exported.</summary>
internal sealed class VolumeSlot(DaemonConfig config)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly TaskCompletionSource<IVolumeHost> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Reason { get; set; } = "it has not joined a pool, or its daemon has just started";

    /// <summary>Groups in which volumes are made here; none before it is ready.</summary>
    public ImmutableArray<string> Groups => _ready.Task.IsCompletedSuccessfully ? _ready.Task.Result.Groups : [];

    public void Enter(IVolumeHost host) => _ready.SetResult(host);

    /// <exception cref="GodwitException">This host serves no volumes, or does not do so in time.</exception>
    public async Task<IVolumeHost> GetAsync(CancellationToken cancellationToken)
    {
        if (!config.Has(Role.Storage))
        {
            throw new GodwitException(
                "no-storage-role", $"{config.Name} does not have the role storage: it serves no volumes.", "Name another host with --host.");
        }
        try
        {
            return await _ready.Task.WaitAsync(Patience, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new GodwitException("host-starting", $"{config.Name} does not serve its volumes yet: {Reason}.", "Its log says more: journalctl -u godwitd", e);
        }
    }
}
