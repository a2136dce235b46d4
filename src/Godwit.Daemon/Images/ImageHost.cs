using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Jobs;
using Godwit.Daemon.Roles;
using Godwit.Daemon.Volumes;
using Godwit.Domains;
using Godwit.Storage.Images;
using Godwit.Storage.Images.Build;
using Godwit.Storage.Images.Guests;
using Godwit.Storage.Images.Import;
using Godwit.Storage.Images.Library;

namespace Godwit.Daemon.Images;

/// <summary>The images of this host: made here, and made into disks of guests here.</summary>
internal sealed class ImageHost(DaemonConfig config, JobTable jobs, VolumeSlot volumes, TimeProvider time)
{
    public const string BuildKind = "image-build", ImportKind = "image-import", VolumesKind = "guest-volumes";
    private readonly Lazy<ImageLibrary> _library = new(() => new ImageLibrary(Path.Combine(config.StateDirectory, "images")));

    /// <exception cref="GodwitException">This host has no storage.</exception>
    public ImageLibrary Library => config.Has(Role.Storage) ? _library.Value : throw new GodwitException(
        "no-storage-role", $"{config.Name} does not have the role storage: it keeps no images.", "Name another host with --host.");

    public ImmutableArray<ImageInfo> List() =>
        config.Has(Role.Storage) ? [.. Library.List().Select(image => ImageMapping.Info(image, config.Name, volumes.Groups))] : [];

    public ImageInfo Find(string name) => ImageMapping.Info(Library.Find(name), config.Name, volumes.Groups);

    /// <summary>Begins to build an image; all that can be refused is refused here.</summary>
    public Job Build(BuildImageRequest request)
    {
        var recipe = ImageRecipe.Parse(request.Suite, request.Packages, request.SizeBytes);
        var image = Library.Begin(request.Name);
        return jobs.Begin(BuildKind, request.Name, async (progress, token) =>
        {
            using (image)
                image.Keep(await ImageBuilder.BuildAsync(image, request.Name, recipe, progress, time, token));
            return new JobOutcome([request.Name], []);
        });
    }

    /// <summary>Takes in a file, and begins to make an image of it once it has come.</summary>
    /// <exception cref="GodwitException">It is not what was promised; nothing of it is left then, nor where the sender goes away.</exception>
    public async Task<Job> ImportAsync(string name, Stream content, string? sha256, CancellationToken cancellationToken)
    {
        var expected = ImageImporter.ParseChecksum(sha256);
        var image = Library.Begin(name);
        try
        {
            var sum = await ImageImporter.ReceiveAsync(image, content, expected, cancellationToken);
            return jobs.Begin(ImportKind, name, async (progress, token) =>
            {
                using (image)
                    image.Keep(await ImageImporter.ConvertAsync(image, name, sum, progress, time, token));
                return new JobOutcome([name], []);
            });
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    /// <summary>Begins to make the disks of a guest.</summary>
    public async Task<Job> MakeVolumesAsync(string name, GuestVolumesRequest request, CancellationToken cancellationToken)
    {
        request.Guest.Check();
        var image = Library.Find(name);
        var volume = VolumeName.Parse(request.Volume);
        var size = request.SizeBytes ?? image.SizeBytes;
        if (size < image.SizeBytes)
        {
            throw new GodwitException(
                ImageErrors.VolumeTooSmall, $"The disk of a guest of {name} cannot have {size >> 20} MiB: the image has {image.SizeBytes >> 20}.",
                $"Give it at least {image.SizeBytes >> 20}m.");
        }
        var host = await volumes.GetAsync(cancellationToken);
        return jobs.Begin(VolumesKind, volume.ToString(), (progress, token) => MakeVolumesAsync(host, image, volume, size, request, progress, token), request.Id);
    }

    private async Task<JobOutcome> MakeVolumesAsync(
        IVolumeHost host, ImageRecord image, VolumeName volume, long size, GuestVolumesRequest request, IProgress<StepProgress> progress, CancellationToken token)
    {
        string? fingerprint = null;
        await host.CreateAsync(volume, size, token, async (path, _, stop) =>
            fingerprint = await GuestDisk.FillAsync(image, Library.DiskOf(image), path, request.Guest, request.Mac, new PartOfProgress(progress, 0, 0.95), stop));
        if (image.Kind != ImageKind.Cloud)
            return new JobOutcome([volume.ToString()], [$"SSH host key: {fingerprint}"]);

        var seed = GuestVolumesRequest.SeedOf(volume);
        progress.Report(new StepProgress("making the volume for cloud-init", 0.95));
        try
        {
            await host.CreateAsync(seed, CloudSeed.SizeBytes, token, (path, _, stop) =>
                CloudSeed.WriteAsync(path, request.Guest, request.Mac, Guid.NewGuid(), stop));
        }
        catch
        {
            await host.DeleteAsync(volume, CancellationToken.None);
            throw;
        }
        return new JobOutcome(
            [volume.ToString(), seed.ToString()],
            [$"{seed} is for cloud-init at the first boot; later the domain does without it."]);
    }
}
