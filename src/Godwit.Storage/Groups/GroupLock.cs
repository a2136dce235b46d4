using Godwit.Domains;

namespace Godwit.Storage.Groups;

/// <summary>
/// The lock of a shared group: the writer's role of its metadata and of all that is in no volume, under an epoch of the pool's counter.
/// The storage refuses every other host's writes there, so that a host which lost the lock cannot spoil the metadata; LVM
/// writes them whole or not at all. One that holds it for longer than a change takes is taken to be gone.
/// </summary>
/// <param name="group">The group, which this host has entered.</param>
/// <param name="drawEpoch">Draws an epoch from the pool's counter.</param>
/// <param name="patience">How long another holder is waited for.</param>
/// <param name="time">Clock of the wait.</param>
internal sealed class GroupLock(SharedGroup group, Func<CancellationToken, Task<long>> drawEpoch, TimeSpan patience, TimeProvider time)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    /// <summary>Carries out a change of the metadata under the lock.</summary>
    /// <param name="session">This host's session.</param>
    /// <param name="change">What is done under it.</param>
    /// <param name="cancellationToken">Ends the wait for the lock.</param>
    public async Task HoldAsync(int session, Func<Task> change, CancellationToken cancellationToken)
    {
        await TakeAsync(session, cancellationToken).ConfigureAwait(false);
        try
        {
            await change().ConfigureAwait(false);
        }
        finally
        {
            await TryReleaseAsync(session).ConfigureAwait(false);
        }
    }

    private async Task TryReleaseAsync(int session)
    {
        try
        {
            await group.Endpoints.ReleaseAsync(session, [SharedGroup.Metadata], CancellationToken.None).ConfigureAwait(false);
        }
        catch (GodwitException)
        {
            // Whoever wants it next takes it after some time.
        }
    }

    private async Task TakeAsync(int session, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var holder = "";
        var epoch = await drawEpoch(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            try
            {
                await group.Endpoints.FenceAsync(epoch, session, [SharedGroup.Metadata], free: time.GetElapsedTime(began) < patience, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (GodwitException e) when (e.Code == FenceRefusal.RangeTaken)
            {
                // It names the holder and its epoch: one that has just come is waited for as long as the one before it.
                if (e.Message != holder)
                    (holder, began) = (e.Message, time.GetTimestamp());
                await Task.Delay(LookAgain, time, cancellationToken).ConfigureAwait(false);
            }
            catch (GodwitException e) when (e.Code == FenceRefusal.NotAdmitted)
            {
                // It was taken from this host when it had it last.
                await group.Endpoints.ReturnAsync(session, [SharedGroup.Metadata], cancellationToken).ConfigureAwait(false);
            }
            catch (GodwitException e) when (e.Code == FenceRefusal.StaleEpoch)
            {
                // Another drew a later one and was faster.
                epoch = await drawEpoch(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
