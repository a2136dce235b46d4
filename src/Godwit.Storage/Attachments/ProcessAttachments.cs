using System.Collections.Immutable;
using System.Globalization;
using Godwit.Aoe.Control;
using Godwit.Domains;
using Godwit.Native;
using Godwit.Native.Files;
using Godwit.Native.Processes;
using Godwit.Storage.Volumes;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Storage.Attachments;

/// <summary>
/// Volumes of the pool by <c>godwit-aoe attach</c>: each gets a process of its own, which serves it to the engine and
/// outlives the daemon.
/// <para>
/// One that dies is replaced (<see cref="WatchAsync"/>) on the same socket and under the same session, while the engine
/// waits and then asks again for what was not answered. Nothing is lost with it: it answers a write only when the target
/// has, so that what an engine believes written is in the target's cache or on its medium. What the target itself may
/// lose with its power, before a flush, the dead process kept to write it again; its successor cannot, and so fails the
/// flush if that has happened meanwhile, rather than to promise what it does not know.
/// </para>
/// </summary>
internal sealed class ProcessAttachments(VolumeSessions sessions, DiskPlaces places, TimeProvider time, ILogger log) : IAttachmentWay
{
    private static readonly TimeSpan AttachLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DetachLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Between two starts of a process that dies again and again.</summary>
    private static readonly TimeSpan ReplaceAgain = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a request waits for a storage host that is away: a guest stands still meanwhile, as over a hard NFS mount,
    /// and goes on by itself. An engine waits as long for a process that is to be replaced when the daemon is back.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromDays(1);

    private readonly AttachmentFiles _files = new(places.RunDirectory, passable: places.Owner is not null);

    // Held while a record is read and written again, and while a process is replaced.
    private readonly Lock _changing = new();
    private readonly HashSet<string> _detaching = [];
    private readonly Dictionary<string, long> _replacedAt = [];

    public async Task<AttachedDisk> AttachAsync(
        string domain, DiskSpec spec, DiskIdentity disk, CancellationToken cancellationToken)
    {
        var socket = await ClaimAsync(domain, disk, cancellationToken);
        var session = await sessions.AdmitAsync(disk, sessionless: false, cancellationToken);
        var attached = new AttachedDisk
        {
            Domain = domain,
            Disk = disk,
            ReadOnly = spec.ReadOnly,
            Path = socket,
            // Who never writes cannot be superseded.
            StopSocket = spec.ReadOnly ? null : AttachmentFiles.StopOf(socket),
            Session = session,
            Format = spec.Format,
        };
        try
        {
            // Sockets without a record are of a daemon that died in between: they would pass for those of the new process.
            AttachmentFiles.Remove(attached);
            Start(attached, replaces: false);
            return attached;
        }
        catch
        {
            await DetachAsync(attached, CancellationToken.None);
            throw;
        }
    }

    public async Task ReadyAsync(AttachedDisk disk, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        // The control socket is there once the device has answered; looking costs less than a notification would.
        while (!File.Exists(AttachmentFiles.ControlOf(disk)))
        {
            if (AttachmentFiles.Find(disk) is not { } record || record.Process.HasExited() || time.GetElapsedTime(began) > AttachLimit)
            {
                throw new GodwitException(
                    StorageErrors.AttachFailed,
                    $"{disk.Disk.Name} ({VolumeSessions.AddressOf(disk.Disk)}) could not be attached: {LogTail.Of(AttachmentFiles.LogOf(disk))}",
                    $"See that the storage network is up: `godwit-aoe discover --interface {string.Join(" --interface ", places.Interfaces)}` should list {VolumeSessions.AddressOf(disk.Disk)}.");
            }
            await Task.Delay(LookAgain, time, cancellationToken);
        }
    }

    public Task<long> FenceAsync(AttachedDisk disk, long epoch, CancellationToken cancellationToken) =>
        sessions.FenceAsync(disk, epoch, cancellationToken);

    public async Task<AttachedDisk> ReadmitAsync(AttachedDisk disk, CancellationToken cancellationToken)
    {
        var readmitted = disk with { Session = await sessions.AdmitAsync(disk.Disk, sessionless: false, cancellationToken) };
        // First the record: a process that dies now is replaced by one that has the new session.
        lock (_changing)
        {
            if (AttachmentFiles.Find(disk) is { } record)
                _files.Save(record with { Disk = readmitted });
        }
        try
        {
            await Control(disk).SetSessionAsync(readmitted.Session, cancellationToken);
        }
        catch (AoeControlException e) when (e.Code == AoeControlCode.NotRunning && AttachmentFiles.Find(disk)?.Process.HasExited() == true)
        {
            Log.Died(log, disk.Domain, disk.Disk.Name);
        }
        return readmitted;
    }

    public Task ProbeAsync(AttachedDisk disk, CancellationToken cancellationToken) => sessions.ProbeAsync(disk.Disk, cancellationToken);

    public Task FlushAsync(AttachedDisk disk, CancellationToken cancellationToken) => Control(disk).FlushAsync(cancellationToken);

    public async Task<AttachedDisk> GrowAsync(AttachedDisk disk, long sizeBytes, CancellationToken cancellationToken)
    {
        var status = await Control(disk).GrowAsync(cancellationToken);
        if (status.Size != sizeBytes)
        {
            throw new GodwitException(StorageErrors.Unreachable, $"{disk.Disk.Name} has {status.Size} bytes at its target, and not {sizeBytes}.",
                "Its export does not have the new size yet: try again.");
        }
        var grown = disk.Disk with { SizeBytes = sizeBytes };
        lock (_changing)
        {
            if (AttachmentFiles.Find(disk) is { } record)
                _files.Save(record with { Disk = record.Disk with { Disk = grown } });
        }
        return disk with { Disk = grown };
    }

    public async Task DetachAsync(AttachedDisk disk, CancellationToken cancellationToken)
    {
        if (Claim(disk) is { } record)
        {
            try
            {
                await EndAsync(record, cancellationToken);
                AttachmentFiles.Remove(disk);
            }
            finally
            {
                lock (_changing)
                    _detaching.Remove(disk.Path);
            }
            // The caller may know it from before it was admitted anew.
            disk = record.Disk;
        }
        await sessions.ReleaseAsync(disk, cancellationToken);
    }

    /// <summary>
    /// Also disks whose process has died: an engine may wait for its successor, and only the caller knows whether one
    /// does. What nobody uses it is to detach.
    /// </summary>
    public ImmutableArray<AttachedDisk> Find() => [.. _files.List().Select(record => record.Disk)];

    /// <summary>
    /// Replaces processes that die, until cancelled: at once those that died while no daemon ran. The processes need
    /// nobody for their work, so this may end and begin again at any time.
    /// </summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(WatchInterval, time);
        do
        {
            foreach (var record in _files.List())
            {
                if (record.Process.HasExited())
                    TryReplace(record);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private void TryReplace(AttachmentRecord dead)
    {
        lock (_changing)
        {
            var path = dead.Disk.Path;
            if (_detaching.Contains(path) || AttachmentFiles.Find(dead.Disk) is not { } record || record.Process != dead.Process)
                return;
            // One that never answered is not used yet: whoever attaches it is about to hear why.
            if (!record.Replaced && !File.Exists(AttachmentFiles.ControlOf(record.Disk)))
                return;
            if (_replacedAt.TryGetValue(path, out var before) && time.GetElapsedTime(before) < ReplaceAgain)
                return;
            _replacedAt[path] = time.GetTimestamp();
            Log.Died(log, record.Disk.Domain, record.Disk.Disk.Name);
            try
            {
                AttachmentFiles.RemoveSockets(record.Disk);
                Start(record.Disk, replaces: true);
            }
            catch (Exception e) when (e is GodwitException or IOException or UnauthorizedAccessException)
            {
                // The record still names the dead one, and says that it was in use: it is tried again.
                _files.Save(record with { Replaced = true });
                Log.NotReplaced(log, record.Disk.Domain, record.Disk.Disk.Name, e);
            }
        }
    }

    /// <summary>From now on nobody replaces its process. Null: there is no such attachment.</summary>
    private AttachmentRecord? Claim(AttachedDisk disk)
    {
        lock (_changing)
        {
            if (AttachmentFiles.Find(disk) is not { } record)
                return null;
            _detaching.Add(disk.Path);
            _replacedAt.Remove(disk.Path);
            return record;
        }
    }

    /// <summary>A free name for the socket; what a dead process left behind is cleared away.</summary>
    private async Task<string> ClaimAsync(string domain, DiskIdentity disk, CancellationToken cancellationToken)
    {
        _files.EnsureDirectory();
        foreach (var record in _files.List().Where(r => r.Disk.Domain == domain && r.Disk.Disk.Name == disk.Name))
        {
            if (!record.Process.HasExited())
            {
                throw new GodwitException(
                    StorageErrors.AlreadyAttached, $"{disk.Name} is attached for {domain} on this host already.", "Wait for the other move of the domain to end.");
            }
            await DetachAsync(record.Disk, cancellationToken);
        }
        return Enumerable.Range(0, int.MaxValue).Select(index => _files.SocketOf(domain, index)).First(path => !File.Exists(Path.ChangeExtension(path, ".json")));
    }

    // The socket is made here: whoever connects before the process listens waits for it.
    private void Start(AttachedDisk disk, bool replaces)
    {
        using var socket = Listen(disk);
        var number = DetachedProcess.ChooseNumbers([socket])[0];
        string[] arguments =
        [
            places.Program, "attach", VolumeSessions.AddressOf(disk.Disk), .. Way(disk.Disk),
            "--socket", disk.Path, "--socket-fd", number.ToString(CultureInfo.InvariantCulture), "--control", AttachmentFiles.ControlOf(disk),
            "--session", disk.Session.ToString(CultureInfo.InvariantCulture),
            "--memory", AttachmentFiles.MemoryOf(disk),
            "--timeout-seconds", Patience.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            .. disk.StopSocket is { } stop ? ["--stop-engine", stop] : Array.Empty<string>(),
            .. replaces ? ["--in-use"] : Array.Empty<string>(),
        ];
        var process = Start(disk, arguments, (socket, number));
        try
        {
            _files.Save(new AttachmentRecord(disk, process, replaces));
        }
        catch
        {
            process.Kill();
            throw;
        }
        Log.Attached(log, disk.Domain, disk.Disk.Name, process.Id, disk.Session);
    }

    // Frames that a host sends on its interfaces do not come back to it.
    private IEnumerable<string> Way(DiskIdentity disk) => places.Local is { } local && places.IsLocal(disk)
        ? ["--local", VolumeExports.LocalSocket(local.RunDirectory, VolumeSessions.AddressOf(disk)), "--address", places.Macs[0].ToString()]
        : places.Interfaces.SelectMany(name => new[] { "--interface", name });

    private SafeFileHandle Listen(AttachedDisk disk)
    {
        try
        {
            var socket = Native.Sockets.UnixListener.Listen(disk.Path);
            if (places.Owner is { } user && Ownership.Find(user) is { } owner)
                Ownership.Give(disk.Path, owner);
            return socket;
        }
        catch (NativeException e)
        {
            throw new GodwitException(StorageErrors.AttachFailed, $"{disk.Disk.Name} could not be attached: {e.Message}", null, e);
        }
    }

    private static RunningProcess Start(AttachedDisk disk, string[] arguments, (SafeFileHandle, int) socket)
    {
        try
        {
            return DetachedProcess.Start(
                arguments, AttachmentFiles.LogOf(disk), [socket],
                new SystemdScope($"{disk.Domain}-{VolumeSessions.AddressOf(disk.Disk)}", $"Disk {disk.Disk.Name} of the domain {disk.Domain}"));
        }
        catch (NativeException e)
        {
            throw new GodwitException(StorageErrors.AttachFailed, $"{disk.Disk.Name} could not be attached: {e.Message}",
                $"See that {arguments[0]} is there and may be run.", e);
        }
    }

    private async Task EndAsync(AttachmentRecord record, CancellationToken cancellationToken)
    {
        if (record.Process.HasExited())
            return;
        try
        {
            using var limit = new CancellationTokenSource(DetachLimit, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            await Control(record.Disk).DetachAsync(either.Token);
            if (await record.Process.EndsAsync(DetachLimit, time, either.Token))
                return;
        }
        catch (Exception e) when (e is AoeControlException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // A target that is away keeps it from flushing; whoever detaches has no use for the data any more.
        }
        Log.Killed(log, record.Disk.Domain, record.Disk.Disk.Name);
        record.Process.Kill();
        await record.Process.EndsAsync(DetachLimit, time, cancellationToken);
    }

    private static AttachControlClient Control(AttachedDisk disk) => new(AttachmentFiles.ControlOf(disk));
}
