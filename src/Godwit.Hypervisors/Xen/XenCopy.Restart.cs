using Godwit.Domains;
using Godwit.Hypervisors.Xen.Toolstack;

namespace Godwit.Hypervisors.Xen;

/// <content>The restart of its guest, for which Xen needs another domain.</content>
internal sealed partial class XenCopy
{
    private const int CreateAttempts = 5;
    private static readonly TimeSpan CreateAgain = TimeSpan.FromMilliseconds(500);
    private volatile bool _restarting;

    private bool Restarts(XlDomain? domain) => _exited == 0 && Order.Spec.OnReboot == LifecycleAction.Restart
        && (_restarting || domain is { Dying: false, Shutdown: ShutdownReason.Reboot });

    // Xen has ended the domain for good; a guest that restarts gets another one, of the same make. Also while the daemon ends:
    // the next one would find neither.
    private async Task RestartAsync(XlDomain old)
    {
        _restarting = true;
        try
        {
            await Xl.DestroyAsync(old.Id, CancellationToken.None);
            _directory.DomainId = null;
            await CreateAgainAsync();
            var next = (await Xl.ListAsync(CancellationToken.None)).FirstOrDefault(domain => domain.Id != old.Id && MayBe(domain))
                ?? throw new GodwitException("engine-failed", $"Xen started {Name} again, and it is not in its list.");
            _directory.DomainId = next.Id;
            _console.Follow(next.Id);
            await Xl.UnpauseAsync(next.Id, CancellationToken.None);
            Post(new CopyEvent.GuestRebooted(_parts.Time.GetUtcNow()));
        }
        catch (Exception e) when (e is GodwitException or IOException)
        {
            Log.Failed(_parts.Log, Name, "restarting it", e);
            await ExitAsync($"it does not restart: {e.Message}");
        }
        finally
        {
            _restarting = false;
        }
    }

    // What the old one had may not be free yet.
    private async Task CreateAgainAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await Xl.CreateAsync(_directory.Config, CancellationToken.None);
                return;
            }
            catch (GodwitException) when (attempt < CreateAttempts)
            {
                await Task.Delay(CreateAgain, _parts.Time);
            }
        }
    }
}
