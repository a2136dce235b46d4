using Godwit.Api;

namespace Godwit.Cli.Xm;

/// <summary>Words of <c>xm</c> and <c>xl</c> that Godwit has nothing for, and what comes nearest.</summary>
internal static class XmMissing
{
    private const string InFile = "change the configuration file, and start the domain anew: godwit shutdown -w vm1 && godwit create vm1";

    /// <returns>Null for words that are answered, and for those that Xen did not know either.</returns>
    public static ApiError? Of(string program, string word) => Nearest(word) is { } remedy
        ? new ApiError("not-in-godwit", $"godwit has nothing for {program} {word}", remedy)
        : null;

    private static string? Nearest(string word) => word switch
    {
        "top" or "vcpu-list" or "uptime" => "godwit list shows processor time: watch -n 1 godwit list",
        "log" or "dmesg" => "godwitd writes to the journal: journalctl -u godwitd",
        "suspend" or "resume" => "godwit save vm1 puts it aside, and godwit restore vm1 lets it go on; godwit migrate vm1 HOST moves it while it runs",
        "new" or "start" => "godwit create FILE makes a domain of a configuration file and starts it",
        "delete" => "a domain that has been shut down is gone: godwit shutdown vm1",
        "mem-max" or "vcpu-pin" or "rename" or "config-update" => InFile,
        "dump-core" or "sysrq" or "trigger" or "debug-keys" => "godwit console vm1 speaks to the guest; godwit destroy vm1 ends it",
        "vncviewer" => "godwit console vm1 shows the guest's serial console",
        "remus" or "getenforce" or "setenforce" or "loadpolicy" or "cpupool-list" or "rtprio" => "godwit --help lists what there is",
        "help" => null,
        _ when word.StartsWith("block-", StringComparison.Ordinal) || word.StartsWith("network-", StringComparison.Ordinal)
            || word.StartsWith("cd-", StringComparison.Ordinal) => "godwit info vm1 shows disks and interfaces; to have others, " + InFile,
        _ when word.StartsWith("sched-", StringComparison.Ordinal) => "domains are processes of the host: systemd's CPUWeight, nice and taskset share out processors",
        _ when word.StartsWith("pci-", StringComparison.Ordinal) || word.StartsWith("usb", StringComparison.Ordinal) =>
            "a domain that holds a device of its host could not move; godwit has none of that",
        _ => null,
    };
}
