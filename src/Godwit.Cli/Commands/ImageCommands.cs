using System.CommandLine;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Godwit.Api;
using Godwit.Cli.Jobs;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

internal static class ImageCommands
{
    public static Command Build(Surroundings around) => new Command("image", "The images from which domains' disks are made")
    {
        BuildImage(around),
        Import(around),
        List(around),
        Show(around),
        Delete(around),
    };

    private static DocumentedCommand BuildImage(Surroundings around)
    {
        var name = Name();
        var suite = new Option<string>("--suite") { HelpName = "SUITE", Description = "Release of Debian: bookworm or trixie", DefaultValueFactory = _ => "bookworm" };
        var packages = new Option<string?>("--packages") { HelpName = "NAME,…", Description = "Packages besides those that make it boot and let its administrator in" };
        var size = Arguments.Size("--size", "Size of its disk (default 2g); a domain's may be larger");
        return new DocumentedCommand("build", "Build an image of Debian on a storage host")
        {
            Arguments = { name },
            Options = { suite, packages, size },
            Explanation =
                "mmdebstrap makes it, from the mirrors that the storage host itself uses; nothing is mounted there. The disk "
                + "boots by itself, has a serial console, systemd-networkd and an SSH server, and neither keys nor passwords: "
                + "each domain gets its own. The first Ctrl-C cancels the work and undoes it; when the connection breaks it goes on.",
            Examples =
            [
                ("godwit image build debian", "Debian 12, in a minute or two"),
                ("godwit image build web --suite trixie --packages nginx,vim --size 4g", "Debian 13 with a web server"),
            ],
        }.Runs(around, async (call, _) =>
        {
            var asked = new BuildImageRequest(call.Get(name), call.Get(suite)!, call.Get(size) is > 0 and var bytes ? bytes : null)
            {
                Packages = [.. (call.Get(packages) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)],
            };
            using var client = call.Connect();
            return await MadeAsync(call, await client.BuildImageAsync(asked, around.Interrupts.First).ConfigureAwait(false)).ConfigureAwait(false);
        });
    }

    private static DocumentedCommand Import(Surroundings around)
    {
        var file = new Argument<string>("FILE") { Description = "A disk with a system that has cloud-init, as qcow2, vmdk or raw" };
        var name = new Option<string?>("--name") { HelpName = "NAME", Description = "Name of the image; else that of the file, without its end" };
        var sum = new Option<string?>("--sha256") { HelpName = "SUM", Description = "Take it only if it has this checksum; else the checksum is shown" };
        return new DocumentedCommand("import", "Make an image of a disk that somebody else made")
        {
            Arguments = { file },
            Options = { name, sum },
            Explanation =
                "The file is sent to a storage host. One that is damaged, or that refers to other files, is refused. Domains of it "
                + "get a small second disk, from which cloud-init learns at the first boot who they are.",
            Examples = [("godwit image import debian-12-genericcloud-amd64.qcow2 --name cloud --sha256 6b55…", "with the checksum that its makers publish")],
        }.Runs(around, async (call, _) =>
        {
            await using var stream = new FileStream(call.Get(file), FileMode.Open, FileAccess.Read);
            using var content = new UploadContent(stream, around.Time) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
            using var client = call.Connect();
            var sending = client.ImportImageAsync(call.Get(name) ?? NameOf(call.Get(file)), content, call.Get(sum), around.Interrupts.First);
            await JobView.FollowAsync(call, UploadAsync(content, sending, around.Time, around.Interrupts.First)).ConfigureAwait(false);
            return await MadeAsync(call, await sending.ConfigureAwait(false)).ConfigureAwait(false);
        });
    }

    private static DocumentedCommand List(Surroundings around) =>
        new DocumentedCommand("list", "List the images")
        {
            Examples = [("godwit image list", "of all storage hosts")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var images = await client.ListImagesAsync(hostOnly: false, ct).ConfigureAwait(false);
            return call.Show(images, CliJson.Api.ImmutableArrayImageInfo, (o, all) =>
            {
                var table = new Table(new Column("Name", MinWidth: 16), "Of", Column.Number("Size", 10), "Storage", "Made");
                foreach (var image in all)
                    table.Add(image.Name, Origin(image), Units.Bytes(image.SizeBytes).Replace(" ", "", StringComparison.Ordinal), image.StorageHost, Units.Text($"{image.Made:yyyy-MM-dd}"));
                table.Write(o);
            });
        });

    private static DocumentedCommand Show(Surroundings around)
    {
        var name = Name();
        return new DocumentedCommand("show", "Show an image")
        {
            Arguments = { name },
            Examples = [("godwit image show debian", "what it is made of, and its checksum")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            return call.Show(await client.GetImageAsync(call.Get(name), ct).ConfigureAwait(false), CliJson.Api.ImageInfo, Write);
        });
    }

    private static DocumentedCommand Delete(Surroundings around)
    {
        var name = Name();
        return new DocumentedCommand("delete", "Remove an image; the disks that were made of it stay")
        {
            Arguments = { name },
            Examples = [("godwit image delete debian", "domains that were made of it go on as they are")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            await client.DeleteImageAsync(call.Get(name), ct).ConfigureAwait(false);
            return ExitCode.Success;
        });
    }

    private static async Task<ExitCode> MadeAsync(Invocation call, JobInfo job)
    {
        await JobFollower.FollowAsync(call, job).ConfigureAwait(false);
        using var client = call.ConnectTo(job.Host);
        return call.Show(await client.GetImageAsync(job.Subject, call.Around.Interrupts.Second).ConfigureAwait(false), CliJson.Api.ImageInfo, Write);
    }

    private static void Write(TextWriter o, ImageInfo image)
    {
        DomainSheet.Line(o, "name", image.Name);
        DomainSheet.Line(o, "of", Origin(image));
        if (!image.Packages.IsEmpty)
            DomainSheet.Line(o, "packages", string.Join(", ", image.Packages));
        DomainSheet.Line(o, "size", Units.Bytes(image.SizeBytes));
        DomainSheet.Line(o, "sha256", image.Sha256);
        DomainSheet.Line(o, "storage", image.StorageHost);
        DomainSheet.Line(o, "made", Units.Text($"{image.Made.ToUniversalTime():yyyy-MM-dd HH:mm} UTC"));
    }

    private static string Origin(ImageInfo image) => image.Suite is { } suite ? $"Debian {suite}" : $"{image.ImportedFrom} file";

    /// <summary>How far a file has been sent, until its sending ends.</summary>
    private static async IAsyncEnumerable<JobEvent> UploadAsync(
        UploadContent content, Task sending, TimeProvider time, [EnumeratorCancellation] CancellationToken ct)
    {
        while (!sending.IsCompleted)
        {
            yield return content.Now;
            await Task.WhenAny(sending, Task.Delay(TimeSpan.FromMilliseconds(200), time, ct)).ConfigureAwait(false);
        }
    }

    // "Debian-12-generic.amd64.qcow2" is called "debian-12-generic.amd64".
    private static string NameOf(string file) => Path.GetFileNameWithoutExtension(file).ToLowerInvariant();

    private static Argument<string> Name() => new("NAME") { Description = "Name of the image, such as debian" };
}
