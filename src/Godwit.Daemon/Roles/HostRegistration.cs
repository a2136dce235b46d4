using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Domains;
using Godwit.Pool;

namespace Godwit.Daemon.Roles;

/// <summary>
/// Keeps this host's record in the registry: at the start, as soon as the registry is there, and from time to time, for
/// a registry that was restored from a backup, or a network card that was changed.
/// </summary>
internal sealed class HostRegistration(
    DaemonConfig config, Membership membership, IRegistry registry, TimeProvider time, ILogger<HostRegistration> log) : BackgroundService
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private readonly TaskCompletionSource _registered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends once the registry has this host.</summary>
    public Task Registered => _registered.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await membership.WaitAsync(stoppingToken);
        while (true)
        {
            var pause = Refresh;
            try
            {
                await registry.PutHostAsync(Describe(), stoppingToken);
                if (_registered.TrySetResult())
                    Log.Registered(log, config.Name);
            }
            catch (GodwitException e)
            {
                Log.NotRegistered(log, e.Message);
                pause = Again;
            }
            await Task.Delay(pause, time, stoppingToken);
        }
    }

    private HostRecord Describe() => new(config.Name, config.Endpoint, config.Roles, StorageNetwork.Macs(config));
}
