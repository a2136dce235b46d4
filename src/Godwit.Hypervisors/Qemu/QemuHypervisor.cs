using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Hypervisors.Network;
using Godwit.Hypervisors.Qemu.Qmp;
using Godwit.Hypervisors.Qemu.Qmp.Commands;
using Godwit.Native.Processes;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Hypervisors.Qemu;

/// <summary>QEMU as the engine of this host.</summary>
public sealed class QemuHypervisor : IHypervisor
{
    /// <summary>
    /// Models that every processor of the last decade can be, best first. The first is all that TCG knows of without
    /// warnings; a pool may mix Intel and AMD with any of them.
    /// </summary>
    private static readonly string[] CpuModels = ["Nehalem-v1", "Opteron_G3-v1", "qemu64-v1"];

    private static readonly string[] WantedCapabilities =
        ["events", MigrationCapabilityName.ReturnPath, "pause-before-switchover", "late-block-activate"];

    private readonly QemuOptions _options;
    private readonly QemuAbilities _abilities;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    private QemuHypervisor(QemuOptions options, QemuAbilities abilities, TimeProvider time, ILogger log) =>
        (_options, _abilities, _time, _log) = (options, abilities, time, log);

    public EngineFacts Facts => _abilities.Facts;

    /// <summary>Asks the QEMU of this host what it can do.</summary>
    /// <exception cref="GodwitException">It is not there, or does not start, or lacks what a live migration needs.</exception>
    public static async Task<QemuHypervisor> OpenAsync(
        QemuOptions options, TimeProvider time, ILogger log, CancellationToken cancellationToken)
    {
        var abilities = await QemuProbe.RunAsync(options, cancellationToken);
        var missing = WantedCapabilities.Where(name => !abilities.MigrationCapabilities.Contains(name)).ToList();
        if (missing.Count > 0)
            throw new GodwitException(
                "engine-unfit",
                $"QEMU {abilities.Facts.Version} lacks the migration capabilities {string.Join(", ", missing)}.",
                "Install QEMU 5.0 or later.");
        return new QemuHypervisor(options, abilities, time, log);
    }

    public EnginePin Pin(DomainSpec spec) => new(
        Facts.Engine,
        Facts.Accelerator,
        _abilities.NewestMachine,
        CpuModels.FirstOrDefault(model => Facts.CpuModels.Contains(model)) ?? throw new GodwitException(
            "engine-unfit", $"QEMU offers none of the CPU models {string.Join(", ", CpuModels)} on this host."));

    public string NameDisk(int index) => DiskNames.Of(index);

    public Task<IDomainCopy> StartAsync(CopyOrder order, CancellationToken cancellationToken) =>
        MakeAsync(order, receiver: false, cancellationToken);

    public Task<IDomainCopy> PrepareReceiverAsync(CopyOrder order, CancellationToken cancellationToken) =>
        MakeAsync(order, receiver: true, cancellationToken);

    public async Task<ImmutableArray<IDomainCopy>> FindCopiesAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(_options.RunDirectory)) return [];
        var copies = ImmutableArray.CreateBuilder<IDomainCopy>();
        foreach (var path in Directory.EnumerateDirectories(_options.RunDirectory))
        {
            var directory = new RunDirectory(path, _options.User);
            var description = directory.Read();
            if (directory.FindProcess() is not { } process || description is null)
            {
                directory.Remove();
                Log.RemovedLeftover(_log, path);
                continue;
            }
            copies.Add(await ReconnectAsync(description, directory, process, cancellationToken));
        }
        return copies.ToImmutable();
    }

    private async Task<IDomainCopy> MakeAsync(CopyOrder order, bool receiver, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        var taps = new List<SafeFileHandle>();
        RunDirectory? directory = null;
        RunningProcess? process = null;
        try
        {
            var ports = order.Spec.Interfaces.Select((nic, i) => GuestTap.Describe(order.CopyId, i, nic)).ToImmutableArray();
            var description = new CopyDescription(order, ports);
            directory = RunDirectory.Create(_options, description);
            foreach (var (port, nic) in ports.Zip(order.Spec.Interfaces)) taps.Add(GuestTap.Create(port, nic.Mtu));
            process = QemuLauncher.Start(order, _options, directory, taps, receiver);
            var qmp = await ConnectAsync(directory, cancellationToken);
            Log.Started(_log, order.Spec.Name, process.Value.Id, (long)_time.GetElapsedTime(began).TotalMilliseconds);
            return new QemuCopy(description, directory, process.Value, qmp, receiver, _time, _log);
        }
        catch
        {
            process?.Kill();
            while (process?.HasExited() == false) await Task.Delay(1, CancellationToken.None);
            directory?.Remove();
            throw;
        }
        finally
        {
            // QEMU has its own descriptors; a tap must not outlive it.
            foreach (var tap in taps) tap.Dispose();
        }
    }

    private async Task<QmpConnection> ConnectAsync(RunDirectory directory, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.StartLimit);
        QmpConnection? qmp = null;
        try
        {
            qmp = await QmpConnection.ConnectAsync(directory.MonitorSocket, limit.Token);
            await qmp.SetMigrateCapabilitiesAsync(WantedCapabilities, enabled: true, limit.Token);
            return qmp;
        }
        catch (Exception e) when (e is QmpLostException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            if (qmp is not null) await qmp.DisposeAsync();
            var words = directory.LastWords();
            var why = e is QmpLostException ? e.Message : $"its monitor does not answer within {_options.StartLimit.TotalSeconds} s";
            throw new GodwitException(
                "engine-failed", $"QEMU does not start: {(words.Length > 0 ? words : why)}", null, e);
        }
    }

    private async Task<IDomainCopy> ReconnectAsync(
        CopyDescription description, RunDirectory directory, RunningProcess process, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(5));
        QmpConnection? qmp = null;
        var receiving = false;
        try
        {
            qmp = await QmpConnection.ConnectAsync(directory.MonitorSocket, limit.Token);
            receiving = (await qmp.QueryStatusAsync(limit.Token)).Status == "inmigrate";
        }
        catch (Exception e) when (e is QmpLostException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            Log.Failed(_log, description.Order.Spec.Name, "connecting to QEMU's monitor", e);
        }
        Log.Found(_log, description.Order.Spec.Name, process.Id);
        return new QemuCopy(description, directory, process, qmp, receiving, _time, _log);
    }
}
