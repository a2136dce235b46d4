using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Storage.Images.Library;

namespace Godwit.Daemon.Images;

/// <summary>Images as the API shows them.</summary>
internal static class ImageMapping
{
    public static ImageInfo Info(ImageRecord image, string host, ImmutableArray<string> groups) => new()
    {
        Name = image.Name,
        Kind = image.Kind == ImageKind.Cloud ? ImageInfo.Cloud : "built",
        SizeBytes = image.SizeBytes,
        Sha256 = image.Sha256,
        Made = image.Made,
        StorageHost = host,
        Groups = groups,
        Suite = image.Suite,
        Packages = image.Packages,
        ImportedFrom = image.ImportedFrom,
    };
}
