using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Jobs;
using Godwit.Daemon.Roles;
using Godwit.Daemon.Transport;
using Godwit.Domains;
using Godwit.Domains.Config;
using Godwit.Host;
using Godwit.Pool;
using Godwit.Storage;
using Godwit.Storage.Images;

namespace Godwit.Daemon.Images;

/// <summary>Creates domains of images: their disks on the host with the image, then the domain on this one; or neither.</summary>
internal sealed class GuestCreation(
    DaemonConfig config, PoolImages images, PendingGuests pending, JobTable jobs, ComputeSlot compute, PeerConnections peers, IRegistry registry, TimeProvider time)
{
    public const string Kind = "guest-create";
    private const double DisksShare = 0.95;
    private static readonly TimeSpan UndoLimit = TimeSpan.FromSeconds(30);

    /// <summary>Begins it, after all that can be refused at once.</summary>
    public async Task<Job> BeginAsync(string imageName, CreateGuestRequest request, CancellationToken cancellationToken)
    {
        request.Guest.Check();
        CheckSpec(request.Spec);
        var image = await images.FindAsync(imageName, cancellationToken);
        var volume = VolumeName.Parse($"{Group(image, request.Group)}/{request.Spec.Name}");
        var host = await compute.GetAsync(config.Has(Role.Compute), config.Name, cancellationToken);
        if (await registry.FindAsync(request.Spec.Name, cancellationToken) is { } there)
        {
            throw new GodwitException(
                "domain-exists", $"There is a domain {there.Name} already; it belongs to {there.Owner}.",
                $"Choose another name, or end that one with `godwit destroy {there.Name}`.");
        }
        var guest = new PendingGuest(request.Spec.Name, image.StorageHost, Guid.NewGuid());
        pending.Begin(guest);
        return jobs.Begin(Kind, request.Spec.Name, async (progress, token) =>
        {
            try
            {
                var outcome = await CreateAsync(host, image, guest, volume, request, progress, token);
                pending.Keep(guest);
                return outcome;
            }
            catch
            {
                using var limit = new CancellationTokenSource(UndoLimit, time);
                await pending.UndoAsync(guest, limit.Token);
                throw;
            }
        });
    }

    private async Task<JobOutcome> CreateAsync(
        IDomainHost host, ImageInfo image, PendingGuest guest, VolumeName volume, CreateGuestRequest request, IProgress<StepProgress> progress, CancellationToken token)
    {
        var storage = peers.Client(image.StorageHost);
        MacAddress? mac = request.Spec.Interfaces is [var first, ..] ? first.Mac : null;
        await storage.MakeGuestVolumesAsync(image.Name, new GuestVolumesRequest(volume.ToString(), request.Guest, request.DiskBytes, mac, guest.Job), token);
        var made = await PeerJob.FollowAsync(storage, image.StorageHost, guest.Job, new PartOfProgress(progress, 0, DisksShare), time, token);

        progress.Report(new StepProgress($"starting {request.Spec.Name}", DisksShare));
        var disks = made.Products.Select((name, index) => new DiskSpec
        {
            Target = name,
            Backend = DiskBackend.Block,
            VirtualDevice = $"xvd{(char)('a' + index)}",
            // The guest's own disk comes first; the other one is for reading only.
            ReadOnly = index > 0,
        });
        await host.CreateAsync(request.Spec with { Disks = [.. disks] }, new CreateOptions(request.Paused, Unfenced: false), token);
        return new JobOutcome([request.Spec.Name], made.Notes);
    }

    // What an API client sends may be what no file could say.
    private static void CheckSpec(DomainSpec spec)
    {
        if (!spec.Disks.IsEmpty || spec.Kernel is not null || spec.Ramdisk is not null || spec.Root is not null)
        {
            throw new GodwitException(
                "bad-spec", "A domain of an image boots from its image: it is given no disks and no kernel.", "Create it of a configuration file instead.");
        }
        var wrong = ConfigReader.Read(SpecWriter.Write(spec), "spec").Diagnostics.FirstOrDefault(said => said.Severity == Severity.Error);
        if (wrong is not null)
            throw new GodwitException("bad-spec", wrong.Message, wrong.Hint);
    }

    private static string Group(ImageInfo image, string? asked)
    {
        if (asked is not null)
        {
            return image.Groups.Contains(asked) ? asked : throw new GodwitException(
                StorageErrors.NoSuchGroup, $"{image.StorageHost}, which has the image {image.Name}, has no volume group {asked}.",
                Nearest.To(asked, image.Groups) is { } near ? $"Did you mean {near}?" : $"Its groups are: {string.Join(", ", image.Groups)}.");
        }
        return image.Groups switch
        {
            [var only] => only,
            [] => throw new GodwitException(
                StorageErrors.NoSuchGroup, $"{image.StorageHost}, which has the image {image.Name}, has no volume group.", "See its godwitd.toml, [[storage.groups]]."),
            var several => throw new GodwitException(
                "which-group", $"{image.StorageHost}, which has the image {image.Name}, has several volume groups.", $"Name one with --group: {string.Join(", ", several)}."),
        };
    }
}
