namespace Godwit.Storage.Images;

/// <summary>Stable codes of errors of images.</summary>
public static class ImageErrors
{
    public const string NoSuchImage = "no-such-image";
    public const string ImageExists = "image-exists";
    public const string ImageBusy = "image-busy";
    public const string BadName = "bad-image-name";
    public const string NoSuchSuite = "no-such-suite";
    public const string BadPackage = "bad-package-name";
    public const string BadSize = "bad-image-size";
    public const string BuildFailed = "image-build-failed";
    public const string BadFile = "bad-image-file";
    public const string BadChecksum = "bad-checksum";
    public const string DiskFull = "storage-full";
    public const string MissingProgram = "program-missing";
    public const string VolumeTooSmall = "volume-too-small";
}
