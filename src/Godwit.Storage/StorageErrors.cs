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

    /// <summary>The storage host answers, and cannot serve the volume now; asking again may help.</summary>
    public const string Unreachable = "storage-unreachable";
}
