using Godwit.Domains;

namespace Godwit.Storage.Groups;

/// <summary>
/// This host's stay at a shared group: from the first use to the last it is admitted at the storage host, under one session, and has the
/// device there. An active volume is a use, also of a daemon that has ended.
/// </summary>
internal sealed class GroupStay(SharedGroup group, GroupRecords records) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly SemaphoreSlim _change = new(1, 1);
    private int _uses;

    public SharedGroup Group => group;

    /// <summary>Does something at the group, whose device is there meanwhile.</summary>
    /// <param name="work">Gets this host's session.</param>
    /// <param name="cancellationToken">Ends the wait for the storage host.</param>
    public async Task<T> DuringAsync<T>(Func<int, Task<T>> work, CancellationToken cancellationToken)
    {
        var session = await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await work(session).ConfigureAwait(false);
        }
        finally
        {
            await LeaveUnusedAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Changes the group's metadata, one change at a time: its lock is this host's, not that of a change.</summary>
    /// <inheritdoc cref="DuringAsync{T}"/>
    public async Task ChangingAsync(Func<int, Task> work, CancellationToken cancellationToken)
    {
        await _change.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await DuringAsync(async session =>
            {
                await work(session).ConfigureAwait(false);
                return true;
            }, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _change.Release();
        }
    }

    /// <summary>Ends a use: does something with the last of it, also while the storage host is away.</summary>
    public Task EndingAsync(Func<int, Task> work, CancellationToken cancellationToken) => AloneAsync(async () =>
    {
        await work(records.SessionAt(group.Address) ?? 0).ConfigureAwait(false);
        await EndUnusedAsync().ConfigureAwait(false);
        return true;
    }, cancellationToken);

    /// <summary>Draws a new session, where the storage host does not know the former one any more.</summary>
    public Task<int> RenewAsync(CancellationToken cancellationToken) => AloneAsync(() => AdmitAsync(cancellationToken), cancellationToken);

    public void Dispose()
    {
        _gate.Dispose();
        _change.Dispose();
    }

    private Task<int> EnterAsync(CancellationToken cancellationToken) => AloneAsync(async () =>
    {
        var session = records.SessionAt(group.Address) ?? await AdmitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await group.FindDeviceAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await EndUnusedAsync().ConfigureAwait(false);
            throw;
        }
        _uses++;
        return session;
    }, cancellationToken);

    private Task<bool> LeaveUnusedAsync() => AloneAsync(async () =>
    {
        _uses--;
        await EndUnusedAsync().ConfigureAwait(false);
        return true;
    }, CancellationToken.None);

    // The record is there before anything is done with the session: a daemon that dies leaves none that nobody knows.
    private async Task<int> AdmitAsync(CancellationToken cancellationToken)
    {
        var session = await group.AdmitAsync(cancellationToken).ConfigureAwait(false);
        records.SaveSession(group.Address, session);
        return session;
    }

    private async Task EndUnusedAsync()
    {
        if (_uses > 0 || records.List().Any(volume => volume.Disk.Disk.LiesOn?.Name == group.Device.Name.ToString()))
            return;
        if (records.SessionAt(group.Address) is not { } session)
            return;
        group.ForgetDevice();
        records.RemoveSession(group.Address);
        try
        {
            await group.Endpoints.ReleaseAsync(session, CancellationToken.None).ConfigureAwait(false);
        }
        catch (GodwitException)
        {
            // The next admission of this host replaces it.
        }
    }

    private async Task<T> AloneAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }
}
