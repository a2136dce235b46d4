using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Domains;

namespace Godwit.Cli.Rendering;

/// <summary>What <c>godwit info NAME</c> prints: a word and its value in each line.</summary>
internal static class DomainSheet
{
    private const int Width = 14;

    public static void Write(TextWriter output, DomainInfo d)
    {
        Line(output, "name", d.Name);
        Line(output, "uuid", d.Uuid.ToString());
        Line(output, "host", d.Host);
        Line(output, "epoch", Units.Text($"{d.Epoch}"));
        Line(output, "state", d.Reason is null ? DomainTable.State(d.State) : $"{DomainTable.State(d.State)}, {d.Reason}");
        if (d.Waits is not null) Line(output, "waits", d.Waits);
        Line(output, "memory", Memory(d.MemoryMiB, d.MaxMemoryMiB, d.Spec?.MemoryMiB));
        Line(output, "vcpus", Processors(d.VirtualCpus, d.MaxVirtualCpus, d.Spec?.VirtualCpus));
        Line(output, "cpu time", Units.Text($"{d.CpuSeconds:0.0} s"));
        Line(output, "engine", $"{d.Engine}, accelerator {d.Accelerator}");
        Line(output, "machine", d.MachineType);
        Line(output, "cpu model", d.CpuModel);
        if (d.ProcessId is { } pid) Line(output, "process", Units.Text($"{pid}"));
        if (d.Migration is { } migration) Line(output, "migration", migration.ToString());
        if (d.Saved is { } saved) Line(output, "saved", Saved(saved));
        foreach (var disk in d.UnfencedDisks) Line(output, "unfenced", Unfenced(disk));
        if (d.Spec is null) return;
        Disks(output, d.Spec.Disks);
        Interfaces(output, d.Spec.Interfaces);
    }

    /// <param name="mib">What it has.</param>
    /// <param name="most">What it can be given.</param>
    /// <param name="due">What it was given, and takes its time to; null: what it has.</param>
    public static string Memory(int mib, int most, int? due = null) =>
        Units.Text($"{mib} MiB") + (due is { } target && target != mib ? Units.Text($", on its way to {target} MiB") : "") + (most > mib ? Units.Text($", up to {most} MiB") : "");

    /// <inheritdoc cref="Memory"/>
    public static string Processors(int count, int most, int? due = null) =>
        Units.Text($"{count}") + (due is { } target && target != count ? Units.Text($", on its way to {target}") : "") + (most > count ? Units.Text($", up to {most}") : "");

    public static void Line(TextWriter output, string word, string value) =>
        output.WriteLine($"{word.PadRight(Width)}{value}");

    private static void Disks(TextWriter output, ImmutableArray<DiskSpec> disks)
    {
        for (var i = 0; i < disks.Length; i++) Line(output, Units.Text($"disk[{i}]"), Disk(disks[i]));
    }

    private static void Interfaces(TextWriter output, ImmutableArray<InterfaceSpec> interfaces)
    {
        for (var i = 0; i < interfaces.Length; i++) Line(output, Units.Text($"vif[{i}]"), Interface(interfaces[i]));
    }

    private static string Saved(SavedInfo saved) =>
        Units.Text($"{Units.Bytes(saved.SizeBytes)} at {saved.At.ToLocalTime():yyyy-MM-dd HH:mm:ss}")
        + (saved.Paused ? ", paused" : "")
        + (saved.Stale ? "; older than a disk of it by now, and not to be restored" : "");

    public static string Unfenced(string disk) => $"{disk}: no other host can be kept from writing to it";

    public static string Disk(DiskSpec disk) =>
        $"{disk.Target} as {disk.VirtualDevice}, {disk.Format.ToString().ToLowerInvariant()}"
        + (disk.IsCdrom ? ", cdrom" : "") + (disk.ReadOnly ? ", read-only" : ", read-write");

    public static string Interface(InterfaceSpec vif) =>
        $"{vif.Mac} on {vif.Bridge}"
        + (vif.Addresses.IsDefaultOrEmpty ? "" : ", " + string.Join(' ', vif.Addresses))
        + (vif.Mtu is { } mtu ? Units.Text($", mtu {mtu}") : "")
        + (vif.Model is { } model ? $", {model}" : "");
}
