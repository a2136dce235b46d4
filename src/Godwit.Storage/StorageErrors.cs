namespace Godwit.Storage;

/// <summary>Stable codes of errors of the storage, besides those of <see cref="FenceRefusal"/>.</summary>
public static class StorageErrors
{
    public const string NoSuchDisk = "no-such-disk";
    public const string NoSuchVolume = "no-such-volume";
    public const string NoSuchGroup = "no-such-group";
    public const string VolumeExists = "volume-exists";
    public const string BadSize = "bad-volume-size";
    public const string AlreadyAttached = "already-attached";
    public const string AttachFailed = "attach-failed";
    public const string ExportFailed = "export-failed";
    public const string VolumeInUse = "volume-in-use";
    public const string VolumeBusy = "volume-busy";

    /// <summary>Data could not be read or written while a volume was filled or copied.</summary>
    public const string CopyFailed = "copy-failed";

    /// <summary>A volume that is in use can be copied only where that takes no time.</summary>
    public const string CopyNeedsRest = "copy-needs-rest";
    public const string WouldShrink = "would-shrink";
    public const string DomainMoves = "domain-moves";

    /// <summary>The storage has no room for what was asked for.</summary>
    public const string NoSpace = "no-space";
    public const string PoolFull = "thin-pool-full";

    /// <summary>A host has no driver of the kernel's for exported volumes, which LVM needs under it.</summary>
    public const string NoKernelDriver = "no-kernel-driver";
    public const string LvmFailed = "lvm-failed";
    public const string BadName = "bad-volume-name";
    public const string NotOurs = "foreign-volume";
    public const string BadFile = "bad-file";
    public const string FileExists = "file-exists";
    public const string GroupExists = "group-exists";
    public const string GroupInUse = "group-in-use";
    public const string BadGroup = "bad-group";

    /// <summary>The storage host answers, and cannot serve the volume now; asking again may help.</summary>
    public const string Unreachable = "storage-unreachable";
}
