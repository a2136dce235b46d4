using System.Net;
using System.Security.Cryptography;
using Godwit.Api;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Domains;
using Godwit.Domains.Config;

namespace Godwit.Daemon.Tests.Images;

/// <summary>Images and domains of them through real daemons; what is fake is who serves volumes and runs domains.</summary>
public sealed class ImageApiTests(TestPool pool) : IClassFixture<TestPool>
{
    private const int MiB = 1 << 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Library => Path.Combine(pool.Storage.Config.StateDirectory, "images");

    [Fact]
    public async Task AFileIsTakenFromAnyHostAndSeenFromAll()
    {
        var disk = Disk();
        using var first = pool.First.Client();
        var job = await first.ImportImageAsync("taken", new ByteArrayContent(disk), Sum(disk), Token);
        Assert.Equal(("storage", "taken", "image-import"), (job.Host, job.Subject, job.Kind));
        Assert.Null((await EndAsync(pool.First, job)).Error);

        using var second = pool.Second.Client();
        var image = await second.GetImageAsync("taken", Token);
        Assert.Equal((ImageInfo.Cloud, disk.LongLength, Sum(disk), "storage", "raw"), (image.Kind, image.SizeBytes, image.Sha256, image.StorageHost, image.ImportedFrom));
        Assert.Equal("vg_xen", Assert.Single(image.Groups));
        Assert.Contains(await second.ListImagesAsync(hostOnly: false, Token), one => one.Name == "taken");
        Assert.Empty(await second.ListImagesAsync(hostOnly: true, Token));

        await AssertRefusedAsync("image-exists", () => first.ImportImageAsync("taken", new ByteArrayContent(disk), null, Token));
        await second.DeleteImageAsync("taken", Token);
        var gone = await AssertRefusedAsync("no-such-image", () => second.GetImageAsync("taken", Token));
        Assert.Equal(HttpStatusCode.NotFound, gone.Status);
    }

    [Fact]
    public async Task AnotherChecksumLeavesNothing()
    {
        using var first = pool.First.Client();
        await AssertRefusedAsync("bad-checksum", () => first.ImportImageAsync("wrong", new ByteArrayContent(Disk()), new string('0', 64), Token));
        Assert.False(Directory.Exists(Path.Combine(Library, ".wrong.new")));
    }

    [Fact]
    public async Task WhatIsNoDiskEndsTheJobAndLeavesNothing()
    {
        using var first = pool.First.Client();
        var job = await first.ImportImageAsync("text", new ByteArrayContent("no disk"u8.ToArray()), null, Token);
        Assert.Equal("bad-image-file", (await EndAsync(pool.First, job)).Error!.Code);
        Assert.False(Directory.Exists(Path.Combine(Library, ".text.new")));
        await AssertRefusedAsync("no-such-image", () => first.GetImageAsync("text", Token));
    }

    [Fact]
    public async Task ASenderThatGoesAwayLeavesNothing()
    {
        using var first = pool.First.Client();
        // Several times, for a connection that ends in the middle once ended the daemon that served it.
        for (var time = 0; time < 10; time++)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => first.ImportImageAsync("half", new StreamContent(new BrokenStream(2 * MiB)), null, Token));
            await UntilAsync(() => !Directory.Exists(Path.Combine(Library, ".half.new")));
        }
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var job = await first.ImportImageAsync("half", new ByteArrayContent(Disk()), null, Token);
                Assert.Null((await EndAsync(pool.First, job)).Error);
                return;
            }
            catch (ApiException e) when (e.Code == "image-busy" && attempt < 100)
            {
                await Task.Delay(100, Token); // It has not heard of the end yet.
            }
        }
    }

    [Theory]
    [InlineData("ok", "bookwrom", "no-such-suite")]
    [InlineData("../up", "bookworm", "bad-image-name")]
    [InlineData("a\nb", "bookworm", "bad-image-name")]
    public async Task ABuildThatCannotBeIsRefusedAtOnce(string name, string suite, string code)
    {
        using var first = pool.First.Client();
        await AssertRefusedAsync(code, () => first.BuildImageAsync(new BuildImageRequest(name, suite), Token));
    }

    [Fact]
    public async Task ADomainOfAnImageGetsItsDisksAndItsFileSaysTheSame()
    {
        await ImportAsync("ready");
        using var first = pool.First.Client();
        var job = await first.CreateGuestAsync("ready", Request("guest1"), Token);
        Assert.Equal(("resource-1", "guest1", "guest-create"), (job.Host, job.Subject, job.Kind));
        var ended = await EndAsync(pool.First, job);
        Assert.Null(ended.Error);
        Assert.Equal("guest1", Assert.Single(ended.Products));

        var spec = (await first.GetDomainAsync("guest1", Token)).Spec!;
        Assert.Equal(
            [("vg_xen/guest1", "xvda", false), ("vg_xen/guest1-seed", "xvdb", true)],
            spec.Disks.Select(disk => (disk.Target, disk.VirtualDevice, disk.ReadOnly)));
        var again = ConfigReader.Read(SpecWriter.Write(spec), "printed").Spec;
        Assert.Equivalent(spec, again, strict: true);
        Assert.True(File.Exists(pool.Storage.Volumes.PathOf(new VolumeName("vg_xen", "guest1-seed"))));
        Assert.Empty(Pending());
    }

    [Fact]
    public async Task ADomainThatDoesNotComeToBeLeavesNoVolume()
    {
        await ImportAsync("undone");
        using var first = pool.First.Client();
        pool.First.Domains!.Refusal = new GodwitException("not-enough-memory", "guest2 wants more than there is.", "less");
        try
        {
            var ended = await EndAsync(pool.First, await first.CreateGuestAsync("undone", Request("guest2"), Token));
            Assert.Equal("not-enough-memory", ended.Error!.Code);
        }
        finally
        {
            pool.First.Domains.Refusal = null;
        }
        await AssertNothingOfAsync("guest2");
        Assert.Null((await EndAsync(pool.First, await first.CreateGuestAsync("undone", Request("guest2"), Token))).Error);
    }

    [Fact]
    public async Task OneThatIsCancelledLeavesNoVolume()
    {
        await ImportAsync("slow");
        using var first = pool.First.Client();
        pool.Storage.Volumes.Gate = Task.Delay(Timeout.Infinite, Token);
        try
        {
            var job = await first.CreateGuestAsync("slow", Request("guest3"), Token);
            await UntilAsync(() => File.Exists(pool.Storage.Volumes.PathOf(new VolumeName("vg_xen", "guest3"))));
            await AssertRefusedAsync("domain-busy", () => first.CreateGuestAsync("slow", Request("guest3"), Token));
            await first.CancelJobAsync(job.Id, Token);
            Assert.Equal("job-cancelled", (await EndAsync(pool.First, job)).Error!.Code);
        }
        finally
        {
            pool.Storage.Volumes.Gate = Task.CompletedTask;
        }
        await AssertNothingOfAsync("guest3");
    }

    [Fact]
    public async Task DisksThatADaemonLeftWhichDiedAreRemovedByTheNext()
    {
        await ImportAsync("left");
        using var storage = pool.Storage.Client();
        var id = Guid.NewGuid();
        var request = new GuestVolumesRequest("vg_xen/guest4", new GuestIdentity { HostName = "guest4" }, Id: id);
        Assert.Equal(2, (await EndAsync(pool.Storage, await storage.MakeGuestVolumesAsync("left", request, Token))).Products.Length);
        var entry = Path.Combine(PendingDirectory, "guest4.json");
        Directory.CreateDirectory(PendingDirectory);
        await File.WriteAllTextAsync(entry, $$"""{"name":"guest4","storageHost":"storage","job":"{{id}}"}""", Token);
        await UntilAsync(() => !File.Exists(entry));
        await AssertNothingOfAsync("guest4");
    }

    /// <summary>What was there before is not what the job has made.</summary>
    [Fact]
    public async Task AVolumeOfThatNameIsNotTakenForOnesOwn()
    {
        await ImportAsync("before");
        using var first = pool.First.Client();
        var entry = Path.Combine(PendingDirectory, "guest5.json");
        var volume = new VolumeName("vg_xen", "guest5");
        await pool.Storage.Volumes.CreateAsync(volume, MiB, Token, (_, _, _) => Task.CompletedTask);
        Directory.CreateDirectory(PendingDirectory);
        await File.WriteAllTextAsync(entry, $$"""{"name":"guest5","storageHost":"storage","job":"{{Guid.NewGuid()}}"}""", Token);
        await UntilAsync(() => !File.Exists(entry));
        Assert.True(File.Exists(pool.Storage.Volumes.PathOf(volume)));
    }

    [Fact]
    public async Task WhatCannotBeIsRefusedAtOnce()
    {
        await ImportAsync("refused");
        using var first = pool.First.Client();
        await AssertRefusedAsync("bad-guest", () => first.CreateGuestAsync("refused", Request("guest6") with { Guest = new GuestIdentity { HostName = "a\nb" } }, Token));
        await AssertRefusedAsync("bad-spec", () => first.CreateGuestAsync("refused", Request("a/b"), Token));
        await AssertRefusedAsync("bad-spec", () => first.CreateGuestAsync("refused", Request("a\nb"), Token));
        var withDisk = Request("guest6").Spec with { Disks = [new DiskSpec { Target = "vg_xen/lv", Backend = DiskBackend.Block, VirtualDevice = "xvda" }] };
        await AssertRefusedAsync("bad-spec", () => first.CreateGuestAsync("refused", Request("guest6") with { Spec = withDisk }, Token));
        await AssertRefusedAsync("no-such-group", () => first.CreateGuestAsync("refused", Request("guest6") with { Group = "vg_xne" }, Token));
        Assert.Equal("Did you mean refused?", (await AssertRefusedAsync("no-such-image", () => first.CreateGuestAsync("refsued", Request("guest6"), Token))).Remedy);
        using var storage = pool.Storage.Client();
        await AssertRefusedAsync("no-compute-role", () => storage.CreateGuestAsync("refused", Request("guest6"), Token));
        var small = await EndAsync(pool.First, await first.CreateGuestAsync("refused", Request("guest6") with { DiskBytes = MiB }, Token));
        Assert.Equal("volume-too-small", small.Error!.Code);
        await AssertNothingOfAsync("guest6");
    }

    private static CreateGuestRequest Request(string name) => new()
    {
        Spec = new DomainSpec
        {
            Name = name,
            MemoryMiB = 512,
            MaxMemoryMiB = 512,
            Uuid = Guid.NewGuid(),
            Interfaces = [new InterfaceSpec { Mac = MacAddress.Parse("00:16:3e:00:00:21"), Addresses = ["10.9.0.21"] }],
        },
        Guest = new GuestIdentity { HostName = "guest", Address = "10.9.0.21/24" },
    };

    private string PendingDirectory => Path.Combine(pool.First.Config.StateDirectory, "pending-guests");

    private string[] Pending() => Directory.Exists(PendingDirectory) ? Directory.GetFiles(PendingDirectory) : [];

    private async Task AssertNothingOfAsync(string name)
    {
        foreach (var volume in new[] { name, name + "-seed" })
            Assert.False(File.Exists(pool.Storage.Volumes.PathOf(new VolumeName("vg_xen", volume))), volume);
        Assert.DoesNotContain(await pool.Storage.Registry.ListVolumesAsync(Token), volume => volume.Name.Volume.StartsWith(name, StringComparison.Ordinal));
        Assert.False(File.Exists(Path.Combine(PendingDirectory, name + ".json")));
    }

    private async Task ImportAsync(string name)
    {
        using var client = pool.Storage.Client();
        Assert.Null((await EndAsync(pool.Storage, await client.ImportImageAsync(name, new ByteArrayContent(Disk()), null, Token))).Error);
    }

    private static async Task<JobResult> EndAsync(TestHost from, JobInfo job)
    {
        using var client = from.Client(job.Host);
        return (await client.JobEventsAsync(job.Id, Token).LastAsync(Token)).Result!;
    }

    private static async Task<ApiException> AssertRefusedAsync<T>(string code, Func<Task<T>> ask)
    {
        var refused = await Assert.ThrowsAsync<ApiException>(ask);
        Assert.Equal(code, refused.Code);
        return refused;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var attempt = 0; !condition(); attempt++)
        {
            Assert.True(attempt < 300, "it did not come to be");
            await Task.Delay(100, Token);
        }
    }

    private static string Sum(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Longer than any other body may be.</summary>
    private static byte[] Disk()
    {
        var disk = RandomNumberGenerator.GetBytes(3 * MiB);
        (disk[510], disk[511]) = (0x55, 0xAA);
        return disk;
    }

    /// <summary>Gives so many bytes, and then breaks.</summary>
    private sealed class BrokenStream(int length) : MemoryStream(new byte[length])
    {
        public override bool CanSeek => false;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is > 0 and var read ? read : throw new IOException("gone");
    }
}
