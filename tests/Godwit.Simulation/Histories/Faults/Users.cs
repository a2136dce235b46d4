using Godwit.Domains;
using Godwit.Host;
using Godwit.Relocation;
using Godwit.Simulation.World;
using Godwit.Storage.Volumes;

namespace Godwit.Simulation.Histories.Faults;

/// <summary>People who ask for something in the middle of a move.</summary>
internal sealed class Users(Stage stage)
{
    private const int SaveAttempts = 10, LongestSaved = 400;
    private static readonly TimeSpan SaveAgain = TimeSpan.FromMilliseconds(50);
    private readonly SimWorld _world = stage.World;
    private int _asking;

    /// <summary>One of them still waits for what was asked for.</summary>
    public bool IsAsking => _asking > 0;

    /// <summary>False: it is nothing that they ask for.</summary>
    public bool TryBring(Fault fault)
    {
        switch (fault)
        {
            case Fault.Cancel:
                stage.Ticket?.Cancel();
                break;
            case Fault.Destroy:
                _world.DomainMayEnd();
                Ask(Owner(), domains => domains.DestroyAsync(SimWorld.Domain, CancellationToken.None));
                break;
            case Fault.Shutdown:
                _world.DomainMayEnd();
                Ask(Owner(), domains => domains.ShutdownAsync(SimWorld.Domain, CancellationToken.None));
                break;
            case Fault.Pause:
                Ask(Owner(), domains => domains.PauseAsync(SimWorld.Domain, CancellationToken.None));
                break;
            case Fault.Resize:
                var mib = _world.Apart.Next(SimWorld.LeastMemoryMiB, _world.Spec.MaxMemoryMiB + 1);
                Ask(Owner(), async domains =>
                {
                    await domains.SetMemoryAsync(SimWorld.Domain, mib, CancellationToken.None);
                    _world.Trace.Add("world", $"has been given {mib} MiB");
                });
                break;
            case Fault.Save:
                Ask(Owner(), SaveAsync);
                break;
            case Fault.MoveAgain:
                var to = _world.Hosts[_world.Random.Next(_world.Hosts.Length)].Name;
                Ask(Owner(), domains => domains.RelocateAsync(SimWorld.Domain, to, new RelocationOptions(), CancellationToken.None));
                break;
            case Fault.TakeOverBySource:
                TakeOver(stage.Source);
                break;
            case Fault.TakeOverByDestination:
                TakeOver(stage.Destination);
                break;
            default:
                return false;
        }
        return true;
    }

    // A move that is just ending, or another's work, is waited for; what fails is left to the one who restores it at the end.
    private async Task SaveAsync(IDomainHost domains)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await domains.SaveAsync(SimWorld.Domain, new Progress<WorkProgress>(), CancellationToken.None);
                break;
            }
            catch (GodwitException) when (attempt < SaveAttempts)
            {
                await Task.Delay(SaveAgain, _world.Time);
            }
        }
        _world.Trace.Add("world", "has been saved");
        if (_world.Store.HasCopy)
            _world.Store.Save();
        await Task.Delay(TimeSpan.FromMilliseconds(_world.Apart.Next(LongestSaved)), _world.Time);
        await domains.RestoreAsync(SimWorld.Domain, new RestoreOptions(), new Progress<WorkProgress>(), CancellationToken.None);
        _world.Trace.Add("world", "has been restored");
    }

    private SimHost Owner() => _world.Record() is { } record ? _world.Host(record.Owner) : stage.Source;

    // A person says that the owner is gone for good, and may be wrong: memory that the fences do not vouch for is given up.
    private void TakeOver(SimHost host)
    {
        _world.MayBeCold = true;
        Ask(host, domains => domains.TakeOverAsync(SimWorld.Domain, CancellationToken.None));
    }

    // Not as part of the daemon that came to the failpoint: the user lives on when it dies.
    private void Ask(SimHost host, Func<IDomainHost, Task> request)
    {
        _asking++;
        _world.After(TimeSpan.Zero, () => _ = AskAsync(host, request));
    }

    private async Task AskAsync(SimHost host, Func<IDomainHost, Task> request)
    {
        try
        {
            await host.AskAsync(async domains =>
            {
                await request(domains);
                return true;
            });
        }
        catch (GodwitException e)
        {
            _world.Trace.Add("world", $"refused: {e.Message}");
        }
        finally
        {
            _asking--;
        }
    }
}
