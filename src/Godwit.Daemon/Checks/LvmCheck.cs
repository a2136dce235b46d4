using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Native.Processes;

namespace Godwit.Daemon.Checks;

/// <summary>
/// Whether LVM keeps away from the disks of guests: what guests have made of them is theirs, and a volume group of a guest that
/// the host activates is written to by two.
/// </summary>
internal sealed class LvmCheck(DaemonConfig config) : IHostCheck
{
    private static readonly Finder Says = new("lvm");

    public string Name => Says.Check;

    public async Task<IEnumerable<HostFinding>> RunAsync(CheckRound round, CancellationToken cancellationToken) =>
        config.Has(Role.Compute) || config.Has(Role.Storage)
            ? [Judge(await AskAsync(cancellationToken), AoeModule.Find().Loaded)]
            : [];

    /// <param name="settings">Null where LVM is not installed.</param>
    /// <param name="kernelDriver">Disks of guests may be block devices of this host: the kernel's aoe driver is loaded.</param>
    internal static HostFinding Judge(LvmSettings? settings, bool kernelDriver)
    {
        if (settings is null)
            return Says.Ok("LVM is not installed, so that it does not look at disks of guests.");
        if (settings.ScansLogicalVolumes)
        {
            return Says.Error("LVM looks for volume groups inside logical volumes, where it finds those of guests (scan_lvs = 1).",
                "Set scan_lvs = 0 in the section devices of /etc/lvm/lvm.conf.");
        }
        if (!kernelDriver)
            return Says.Ok("LVM sees no disks of guests: they are no block devices of this host, and logical volumes are not looked into.");
        return settings.LooksAt(LvmSettings.AoeDevice)
            ? Says.Error("LVM looks at disks of guests under /dev/etherd, and activates what it finds in them.",
                """Set global_filter = [ "r|^/dev/etherd/|", "a|.*|" ] in the section devices of /etc/lvm/lvm.conf, and run update-initramfs -u.""")
            : Says.Ok("LVM does not look at disks of guests: its filter leaves out /dev/etherd.");
    }

    private static async Task<LvmSettings?> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            var result = await ProgramRunner.TryRunAsync(["lvmconfig", "--type", "full", .. LvmSettings.Names], ct: cancellationToken);
            return LvmSettings.Read(result.Output, LvmSettings.DevicesDirectory);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
