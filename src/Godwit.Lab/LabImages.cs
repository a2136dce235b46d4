using Godwit.Storage.Images;
using Godwit.Storage.Images.Build;
using Godwit.Storage.Images.Library;

namespace Godwit.Lab;

/// <summary>
/// An image as a storage host has it, for labs: their hosts reach no package mirror. It is built once for all, of
/// bookworm with cloud-init, so that it does as one that was imported, too.
/// </summary>
public static class LabImages
{
    public const string Name = "debian";

    public static ImageRecipe Recipe { get; } = ImageRecipe.Parse("bookworm", ["cloud-init", "cloud-guest-utils"], null);

    /// <summary>What the cached image depends on.</summary>
    public static IEnumerable<string> CacheRecipe { get; } =
        [ImageBuilder.Version, Recipe.Suite, .. ImageRecipe.Always, .. Recipe.Packages];

    /// <summary>The directory of the image, in the form of <see cref="ImageLibrary"/>.</summary>
    public static Task<string> GetAsync(CancellationToken ct) => GetAsync(BuildAsync, ct);

    /// <summary>The same, built in another way if it is not there yet.</summary>
    /// <param name="build">Builds the image in the library.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<string> GetAsync(Func<string, CancellationToken, Task> build, CancellationToken ct) => Path.Combine(
        await new ImageCache().GetAsync("image-" + Name, CacheRecipe, build, ct).ConfigureAwait(false), Name);

    /// <summary>Gives a host of a lab the image, as if it had been built there.</summary>
    public static async Task PlaceAsync(Lab lab, string host, CancellationToken ct)
    {
        var library = Path.Combine(lab.Paths.Host(host, "lib"), "images");
        Directory.CreateDirectory(library);
        await Native.Processes.ProgramRunner.RunAsync(
            ["cp", "--recursive", "--sparse=always", "--reflink=auto", await GetAsync(ct).ConfigureAwait(false), library], null, ct).ConfigureAwait(false);
    }

    private static async Task BuildAsync(string library, CancellationToken ct)
    {
        using var image = new ImageLibrary(library).Begin(Name);
        image.Keep(await ImageBuilder.BuildAsync(image, Name, Recipe, null, TimeProvider.System, ct).ConfigureAwait(false));
    }
}
