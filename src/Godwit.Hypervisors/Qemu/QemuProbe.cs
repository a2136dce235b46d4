using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Hypervisors.Qemu.Qmp;
using Godwit.Hypervisors.Qemu.Qmp.Commands;
using Godwit.Native.Files;

namespace Godwit.Hypervisors.Qemu;

/// <summary>What the QEMU of this host can do.</summary>
/// <param name="Facts">As the contract wants them.</param>
/// <param name="NewestMachine">The versioned machine type that <c>q35</c> stands for.</param>
/// <param name="MigrationCapabilities">Names of the migration capabilities it knows.</param>
internal sealed record QemuAbilities(EngineFacts Facts, string NewestMachine, ImmutableHashSet<string> MigrationCapabilities);

/// <summary>Asks a QEMU without a machine what it can do.</summary>
internal static class QemuProbe
{
    /// <summary>The kind of machine that domains get: PCI Express, ACPI, and little else.</summary>
    private const string MachineFamily = "q35";

    public static async Task<QemuAbilities> RunAsync(QemuOptions options, CancellationToken cancellationToken)
    {
        var accelerator = ChooseAccelerator(File.Exists("/dev/kvm"), await File.ReadAllTextAsync("/proc/cpuinfo", cancellationToken));
        PrivateDirectory.Ensure(options.RunDirectory, passable: options.User is not null);
        // A name of its own: two daemons of one machine may probe at the same time.
        var directory = Directory.CreateTempSubdirectory("godwit-probe-").FullName;
        try
        {
            return await AskAsync(options, accelerator, directory, cancellationToken);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>
    /// KVM only where the processor itself virtualizes: elsewhere /dev/kvm may emulate kernel code a thousand times
    /// slower than TCG does.
    /// </summary>
    internal static string ChooseAccelerator(bool kvmDevice, string cpuInfo)
    {
        var flags = cpuInfo.Split('\n').FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal)) ?? "";
        return kvmDevice && flags.Split(' ').Any(flag => flag is "vmx" or "svm") ? "kvm" : "tcg";
    }

    private static async Task<QemuAbilities> AskAsync(
        QemuOptions options, string accelerator, string directory, CancellationToken cancellationToken)
    {
        var (socket, log) = (Path.Combine(directory, "qmp.sock"), Path.Combine(directory, "qemu.log"));
        // As ourselves: the user of the copies need not be able to reach this directory.
        var process = QemuLauncher.StartProbe(options with { User = null }, accelerator, socket, log);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.StartLimit);
        try
        {
            await using var qmp = await QmpConnection.ConnectAsync(socket, limit.Token);
            var machines = await qmp.QueryMachinesAsync(limit.Token);
            var models = await qmp.QueryCpuDefinitionsAsync(limit.Token);
            var capabilities = await qmp.QueryMigrateCapabilitiesAsync(limit.Token);
            var newest = machines.FirstOrDefault(machine => machine.Alias == MachineFamily)?.Name
                ?? throw new GodwitException("engine-unfit", $"{options.Binary} has no machine type {MachineFamily}.");
            var facts = new EngineFacts(
                "qemu",
                qmp.Version,
                accelerator,
                [.. machines.Select(machine => machine.Name).Where(name => name.Contains(MachineFamily + "-", StringComparison.Ordinal)).Order()],
                [.. models.Where(model => model.UnavailableFeatures is not { Length: > 0 }).Select(model => model.Name).Order()]);
            return new QemuAbilities(facts, newest, [.. capabilities.Select(capability => capability.Capability)]);
        }
        catch (QmpLostException e)
        {
            var said = File.Exists(log) ? (await File.ReadAllTextAsync(log, cancellationToken)).Trim() : "";
            throw new GodwitException("engine-unfit", $"{options.Binary} does not start: {(said.Length > 0 ? said : e.Message)}", null, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new GodwitException(
                "engine-unfit", $"{options.Binary} does not answer within {options.StartLimit.TotalSeconds} s.",
                $"Run `{options.Binary} -machine none -display none -monitor stdio`: a prompt should be there at once.", e);
        }
        finally
        {
            await process.EndAsync();
        }
    }
}
