using System.Collections.Immutable;
using System.Globalization;
using Godwit.Aoe.Control;
using Godwit.Aoe.Target;
using Godwit.Domains;
using Godwit.Native;
using Godwit.Native.Files;
using Godwit.Native.Processes;
using Microsoft.Extensions.Logging;

namespace Godwit.Storage.Volumes;

/// <summary>Where a storage host keeps what belongs to its exports.</summary>
/// <param name="Program">Path of <c>godwit-aoe</c>.</param>
/// <param name="Interfaces">Interfaces of the storage network, one at least: a disk is served on each.</param>
/// <param name="StateDirectory">Fences and reservations; must survive a power loss.</param>
/// <param name="RunDirectory">Control sockets and logs.</param>
public sealed record ExportPlaces(string Program, ImmutableArray<string> Interfaces, string StateDirectory, string RunDirectory);

/// <summary>
/// Keeps a <c>godwit-aoe export</c> running for each volume. The processes outlive the daemon: one that serves its
/// control socket is left as it is, also while it is too busy to answer; where there is none, one is started. It loads
/// the fence before it takes its first frame, so that sessions go on over its death.
/// </summary>
public sealed class VolumeExports(ExportPlaces places, TimeProvider time, ILogger<VolumeExports> log)
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(5);

    /// <summary>Between two starts of an export that ends at once.</summary>
    private static readonly TimeSpan StartAgain = TimeSpan.FromSeconds(1);

    private readonly Dictionary<VolumeName, (RunningProcess Process, long Since)> _running = [];
    private readonly Lock _lock = new();

    public ExportControlClient Control(CatalogEntry volume) => new(SocketOf(volume));

    /// <summary>The export of a volume runs afterwards; one that is started here answers too.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="path">Its file or device.</param>
    /// <param name="isNew">It has never been exported: its fence begins at nothing.</param>
    /// <exception cref="GodwitException">The process ended; the message has what it said last.</exception>
    public async Task EnsureAsync(CatalogEntry volume, string path, bool isNew, CancellationToken cancellationToken)
    {
        if (Processes.Serving(SocketOf(volume)) is { } serving)
        {
            Note(volume, serving);
            return;
        }
        PrivateDirectory.Ensure(places.RunDirectory);
        PrivateDirectory.Ensure(places.StateDirectory);
        PrivateDirectory.Ensure(StateOf(volume));
        string[] arguments =
        [
            places.Program, "export", path,
            "--shelf", Number(volume.Shelf), "--slot", Number(volume.Slot), .. places.Interfaces.SelectMany(name => new[] { "--interface", name }),
            "--managed", "--state", StateOf(volume), "--control", SocketOf(volume), "--local", LocalSocket(places.RunDirectory, AddressOf(volume)),
            .. isNew ? ["--new-state"] : Array.Empty<string>(),
        ];
        var logPath = LogOf(volume);
        File.Delete(SocketOf(volume));
        var process = Start(volume, arguments, logPath);
        Note(volume, process);
        try
        {
            await UntilAnsweredAsync(volume, process, logPath, cancellationToken);
        }
        catch
        {
            process.Kill();
            throw;
        }
        Log.Exported(log, volume.Name, AddressOf(volume), process.Id);
    }

    /// <summary>Has the export of a volume serve the size that its file or device has now; one that does not run will.</summary>
    public async Task GrowAsync(CatalogEntry volume, CancellationToken cancellationToken)
    {
        try
        {
            await Control(volume).GrowAsync(cancellationToken);
        }
        catch (AoeControlException e) when (e.Code == AoeControlCode.NotRunning)
        {
            Log.GrowsLater(log, volume.Name);
        }
    }

    /// <summary>
    /// Whether an export that <see cref="EnsureAsync"/> started or found has ended, and is to be started again now;
    /// collects it.
    /// </summary>
    public bool HasEnded(CatalogEntry volume)
    {
        (RunningProcess Process, long Since) known;
        lock (_lock)
        {
            if (!_running.TryGetValue(volume.Name, out known))
                return false;
        }
        return known.Process.HasExited() && time.GetElapsedTime(known.Since) >= StartAgain;
    }

    /// <summary>Hosts that the volume's fence knows, as writer or reader; it is read from where it is kept.</summary>
    public ImmutableArray<string> UsersOf(CatalogEntry volume) => FenceOf(volume) is not { } fence ? [] :
    [
        .. fence.Writer is { } writer ? [$"{writer.Host} (its writer)"] : Array.Empty<string>(),
        .. fence.Readers.Select(reader => reader.Host),
    ];

    /// <summary>The same, by their names alone.</summary>
    public ImmutableArray<string> HostsOf(CatalogEntry volume) => FenceOf(volume) is not { } fence ? [] :
        [.. fence.Readers.Append(fence.Writer).OfType<FenceEntry>().Select(entry => entry.Host).Distinct()];

    // A fence that cannot be read lets nobody in: nobody uses the volume.
    internal FenceState? FenceOf(CatalogEntry volume) => Fence.Load(Path.Combine(StateOf(volume), AddressOf(volume) + ".fence")).State;

    /// <summary>Ends the export of a volume, whoever started it, if it runs.</summary>
    public async Task EndAsync(CatalogEntry volume, CancellationToken cancellationToken)
    {
        RunningProcess? process = null;
        lock (_lock)
        {
            if (_running.Remove(volume.Name, out var known))
                process = known.Process;
        }
        process ??= Processes.Serving(SocketOf(volume));
        if (process is { } running)
        {
            running.Kill();
            if (!await running.EndsAsync(StartLimit, time, cancellationToken))
            {
                throw new GodwitException(StorageErrors.ExportFailed, $"The export of {volume.Name}, process {running.Id}, does not end.",
                    "It waits for its disk: see the kernel's log on the storage host.");
            }
        }
        File.Delete(SocketOf(volume));
        File.Delete(LocalSocket(places.RunDirectory, AddressOf(volume)));
    }

    /// <summary>Where initiators of this host reach an export.</summary>
    /// <param name="runDirectory">Of the exports.</param>
    /// <param name="address">As in <c>e0.1</c>.</param>
    public static string LocalSocket(string runDirectory, string address) => Path.Combine(runDirectory, address + ".frames");

    /// <summary>Removes the fence and the log of a volume whose export has ended, so that its address is free.</summary>
    public void Forget(CatalogEntry volume)
    {
        if (Directory.Exists(StateOf(volume)))
            Directory.Delete(StateOf(volume), recursive: true);
        File.Delete(LogOf(volume));
    }

    private void Note(CatalogEntry volume, RunningProcess process)
    {
        lock (_lock)
            _running[volume.Name] = (process, time.GetTimestamp());
    }

    private static RunningProcess Start(CatalogEntry volume, string[] arguments, string logPath)
    {
        try
        {
            return DetachedProcess.Start(
                arguments, logPath, [], new SystemdScope($"export-{AddressOf(volume)}", $"Export of the volume {volume.Name}"));
        }
        catch (NativeException e)
        {
            throw new GodwitException(StorageErrors.ExportFailed, $"The export of {volume.Name} did not start: {e.Message}",
                $"See that {arguments[0]} is there and may be run.", e);
        }
    }

    private async Task UntilAnsweredAsync(CatalogEntry volume, RunningProcess process, string logPath, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (!await AnswersAsync(volume, cancellationToken))
        {
            if (process.HasExited() || time.GetElapsedTime(began) > StartLimit)
            {
                throw new GodwitException(
                    StorageErrors.ExportFailed,
                    $"The export of {volume.Name} did not start: {LogTail.Of(logPath)}",
                    $"The whole log is {logPath} on the storage host.");
            }
            await Task.Delay(LookAgain, time, cancellationToken);
        }
    }

    private async Task<bool> AnswersAsync(CatalogEntry volume, CancellationToken cancellationToken)
    {
        if (!File.Exists(SocketOf(volume)))
            return false;
        using var limit = new CancellationTokenSource(StartLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await Control(volume).StatusAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (AoeControlException e) when (e.Code == AoeControlCode.NotRunning)
        {
            return false;
        }
    }

    private string SocketOf(CatalogEntry volume) => Path.Combine(places.RunDirectory, AddressOf(volume) + ".sock");

    private string StateOf(CatalogEntry volume) => Path.Combine(places.StateDirectory, AddressOf(volume));

    private string LogOf(CatalogEntry volume) => Path.Combine(places.RunDirectory, AddressOf(volume) + ".log");

    private static string AddressOf(CatalogEntry volume) => string.Create(CultureInfo.InvariantCulture, $"e{volume.Shelf}.{volume.Slot}");

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
