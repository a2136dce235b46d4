namespace Godwit.Hypervisors.Qemu;

/// <summary>How this host runs QEMU.</summary>
public sealed record QemuOptions
{
    /// <summary>Name or path of the program.</summary>
    public string Binary { get; init; } = "qemu-system-x86_64";

    /// <summary>Holds one directory per copy. On a memory file system, so that a host that restarts finds none.</summary>
    public string RunDirectory { get; init; } = "/run/godwit/qemu";

    /// <summary>User that QEMU runs as; null for the user of this program. It must be able to open the disks.</summary>
    public string? User { get; init; }

    /// <summary>Room for translated code under TCG, in MiB. QEMU's own default is a gigabyte.</summary>
    public int TranslationBufferMiB { get; init; } = 128;

    /// <summary>
    /// How long a disk's socket may be away before requests fail and stop the guest, in seconds: whoever serves it may
    /// have died, and be replaced only when a daemon is there again. The guest stands still, and then goes on by itself.
    /// </summary>
    public int DiskReconnectSeconds { get; init; } = 24 * 60 * 60;

    /// <summary>How long QEMU may take until its monitor answers.</summary>
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromSeconds(30);
}
