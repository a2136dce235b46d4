using Godwit.Domains;

namespace Godwit.Storage.Groups;

/// <summary>
/// The lock of a shared group: the writer's role of its metadata and of all that is in no volume, under an epoch of the pool's counter.
/// The storage refuses every other host's writes there, so that a host which lost the lock cannot spoil the metadata; LVM
/// writes them whole or not at all. One that holds it for longer than a change takes is taken to be gone.
/// </summary>
/// <param name="group">The group, which this host has entered.</param>
/// <param name="drawEpoch">Draws an epoch from the pool's counter.</param>
/// <param name="time">Clock of the wait.</param>
internal sealed class GroupLock(SharedGroup group, Func<CancellationToken, Task<long>> drawEpoch, TimeProvider time)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    /// <summary>How long another holder is waited for: long after the longest of LVM's commands.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Carries out a change of the metadata under the lock.</summary>
    /// <param name="session">This host's session.</param>
    /// <param name="change">Gets the epoch of the lock, which is good for a volume that is made under it.</param>
    /// <param name="cancellationToken">Ends the wait for the lock.</param>
    public async Task<T> HoldAsync<T>(int session, Func<long, Task<T>> change, CancellationToken cancellationToken)
    {
        var epoch = await TakeAsync(session, cancellationToken).ConfigureAwait(false);
        try
        {
            return await change(epoch).ConfigureAwait(false);
        }
        finally
        {
            await group.Endpoints.ReleaseAsync(session, [SharedGroup.Metadata], CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task<long> TakeAsync(int session, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var epoch = await drawEpoch(cancellationToken).ConfigureAwait(false);
            try
            {
                await group.Endpoints.FenceAsync(epoch, session, [SharedGroup.Metadata], free: time.GetElapsedTime(began) < Patience, cancellationToken).ConfigureAwait(false);
                return epoch;
            }
            catch (GodwitException e) when (e.Code == FenceRefusal.RangeTaken)
            {
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
                await Task.Delay(LookAgain, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
