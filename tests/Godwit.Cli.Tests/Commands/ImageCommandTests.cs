using System.Text.Json;
using Godwit.Api;
using Godwit.Domains;
using Godwit.Domains.Config;
using Microsoft.AspNetCore.Http;

namespace Godwit.Cli.Tests.Commands;

public sealed class ImageCommandTests
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJpgp6yQ0V9Y3lXcZ2oTtYkz9hVnqLwQ3mN4rS5tUvWx me";
    private static readonly Guid s_id = new("4f1c2d3e-0000-4000-8000-000000000001");

    private static readonly ImageInfo s_image = new()
    {
        Name = "debian", Kind = "built", SizeBytes = 2L << 30, Sha256 = new string('a', 64), Made = Samples.Noon, StorageHost = "storage",
        Groups = ["vg_xen"], Suite = "bookworm", Packages = ["vim"],
    };

    [Fact]
    public async Task A_build_shows_how_far_it_is_and_what_it_made()
    {
        await using var daemon = (await FakeDaemon.StartAsync())
            .On("POST /v1/images", Job("image-build", "debian"), GodwitJson.Default.JobInfo)
            .On($"GET /v1/jobs/{s_id}/events", context => EventsAsync(context, At("downloading", 0.1, 40), At("installing packages", 0.5, 20), Ended()))
            .On("GET /v1/images/debian", s_image, GodwitJson.Default.ImageInfo);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("image", "build", "debian", "--packages", "vim, nginx", "--size", "3g", "--socket", daemon.Socket));
        Assert.StartsWith("downloading, 10 %, about 40.0 s left\ninstalling packages, 50 %, about 20.0 s left\nname          debian\nof            Debian bookworm\npackages      vim\n", around.Out, StringComparison.Ordinal);
        Assert.Equal("""POST /v1/images {"name":"debian","suite":"bookworm","sizeBytes":3221225472,"packages":["vim","nginx"]}""", daemon.Asked.First());
        Assert.Empty(around.Error);
    }

    [Fact]
    public async Task A_build_that_fails_says_why()
    {
        await using var daemon = (await FakeDaemon.StartAsync())
            .On("POST /v1/images", Job("image-build", "debian"), GodwitJson.Default.JobInfo)
            .On($"GET /v1/jobs/{s_id}/events", context => EventsAsync(context, Ended(new ApiError("bad-package-name", "there is no package vmi", "look"))));
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("image", "build", "debian", "--socket", daemon.Socket));
        Assert.Equal("godwit: there is no package vmi\n  look\n", around.Error);
    }

    [Fact]
    public async Task A_line_that_breaks_is_taken_up_again()
    {
        var asked = 0;
        await using var daemon = (await FakeDaemon.StartAsync())
            .On("POST /v1/images", Job("image-build", "debian"), GodwitJson.Default.JobInfo)
            .On($"GET /v1/jobs/{s_id}/events", context => asked++ == 0 ? EventsAsync(context, At("downloading", 0.1, 40)) : EventsAsync(context, Ended()))
            .On("GET /v1/images/debian", s_image, GodwitJson.Default.ImageInfo);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("image", "build", "debian", "--json", "--socket", daemon.Socket));
        Assert.Equal(2, asked);
        Assert.Equal("debian", JsonDocument.Parse(around.Out).RootElement.GetProperty("name").GetString());
    }

    [Fact]
    public async Task Ctrl_C_cancels_and_waits_until_it_is_undone()
    {
        var cancelled = new TaskCompletionSource();
        using var around = new TestSurroundings();
        await using var daemon = (await FakeDaemon.StartAsync())
            .On("POST /v1/images", Job("image-build", "debian"), GodwitJson.Default.JobInfo)
            .On($"POST /v1/jobs/{s_id}/cancel", _ => { cancelled.SetResult(); return Task.CompletedTask; })
            .On($"GET /v1/jobs/{s_id}/events", async context =>
            {
                await EventsAsync(context, At("downloading", 0.1, 40));
                around.Interrupts.Raise();
                await cancelled.Task;
                await EventsAsync(context, Ended(new ApiError(JobResult.Cancelled, "debian was cancelled; nothing of it is left.")));
            });
        Assert.Equal(ExitCode.Interrupted, await around.RunAsync("image", "build", "debian", "--socket", daemon.Socket));
        Assert.EndsWith("godwit: debian was cancelled; nothing of it is left.\n", around.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_is_sent_with_its_checksum_under_its_own_name()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("gw").FullName, "Debian-12.qcow2");
        await File.WriteAllTextAsync(file, "disk", TestContext.Current.CancellationToken);
        await using var daemon = (await FakeDaemon.StartAsync())
            .On("POST /v1/images/debian-12/content", Job("image-import", "debian"), GodwitJson.Default.JobInfo)
            .On($"GET /v1/jobs/{s_id}/events", context => EventsAsync(context, Ended()))
            .On("GET /v1/images/debian", s_image with { Suite = null, Packages = [], ImportedFrom = "qcow2" }, GodwitJson.Default.ImageInfo);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("image", "import", file, "--socket", daemon.Socket));
        Assert.Equal("POST /v1/images/debian-12/content disk", daemon.Asked.First());
        Assert.Contains($"sha256        {new string('a', 64)}\n", around.Out, StringComparison.Ordinal);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Fact]
    public async Task List_prints_a_table()
    {
        await using var daemon = (await FakeDaemon.StartAsync()).On("GET /v1/images", [s_image], GodwitJson.Default.ImmutableArrayImageInfo);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("image", "list", "--socket", daemon.Socket));
        Assert.Matches(@"debian +Debian bookworm +2\.00GiB +storage +2026-01-02", around.Out);
    }

    [Fact]
    public async Task Create_of_an_image_sends_a_hash_and_prints_the_file_that_says_the_same()
    {
        var domain = Samples.Domain("web1") with
        {
            Spec = new DomainSpec
            {
                Name = "web1", MemoryMiB = 768, MaxMemoryMiB = 768, Uuid = s_id,
                Disks = [new DiskSpec { Target = "vg_xen/web1", Backend = DiskBackend.Block, VirtualDevice = "xvda" }],
                Interfaces = [new InterfaceSpec { Mac = MacAddress.Parse("00:16:3e:01:02:03"), Addresses = ["10.9.0.21"] }],
            },
        };
        await using var daemon = (await FakeDaemon.StartAsync())
            .On("POST /v1/images/debian/domains", Job("guest-create", "web1"), GodwitJson.Default.JobInfo)
            .On($"GET /v1/jobs/{s_id}/events", context => EventsAsync(context, Ended() with { Result = new JobResult { Products = ["web1"], Notes = ["SSH host key: SHA256:abc"] } }))
            .On("GET /v1/domains/web1", domain, GodwitJson.Default.DomainInfo);
        using var around = new TestSurroundings(new MemoryStream("it's secret\n"u8.ToArray()));
        Assert.Equal(ExitCode.Success, await around.RunAsync(
            "create", "--image", "debian", "--name", "web1", "--memory", "768", "--disk", "5G", "--ip", "10.9.0.21/24", "--gateway", "10.9.0.1",
            "--dns", "10.9.0.2", "--ssh-key", Key, "--password-file", "-", "--socket", daemon.Socket));

        var body = daemon.Asked.First()["POST /v1/images/debian/domains ".Length..];
        Assert.DoesNotContain("secret", body, StringComparison.Ordinal);
        var sent = JsonSerializer.Deserialize(body, GodwitJson.Default.CreateGuestRequest)!;
        Assert.Equal(("web1", "10.9.0.21/24", "10.9.0.1", 5L << 30, 768), (sent.Guest.HostName, sent.Guest.Address, sent.Guest.Gateway, sent.DiskBytes, sent.Spec.MemoryMiB));
        Assert.Equal((Key, "10.9.0.2", "10.9.0.21"), (Assert.Single(sent.Guest.SshKeys), Assert.Single(sent.Guest.NameServers), Assert.Single(Assert.Single(sent.Spec.Interfaces).Addresses)));
        Assert.StartsWith("$6$", sent.Guest.PasswordHash, StringComparison.Ordinal);
        var printed = around.Out[around.Out.IndexOf("name = ", StringComparison.Ordinal)..];
        Assert.Equivalent(domain.Spec, ConfigReader.Read(printed, "printed").Spec, strict: true);
        Assert.Contains("web1 is running on resource-1\nSSH host key: SHA256:abc\n", around.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("create needs FILE, or --image", "create")]
    [InlineData("create takes FILE or --image, not both", "create", "vm1", "--image", "debian", "--name", "web1")]
    [InlineData("--image needs --name", "create", "--image", "debian")]
    [InlineData("--ip goes with --image", "create", "vm1", "--ip", "10.9.0.21/24")]
    public async Task Words_that_do_not_go_together_are_told(string told, params string[] words)
    {
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Usage, await around.RunAsync(words));
        Assert.Contains(told, around.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("length of its prefix", "--ip", "10.9.0.21")]
    [InlineData("public key", "--ssh-key", "no key")]
    [InlineData("cannot be the name of a domain", "--name", "a/b")]
    [InlineData("cannot be the name of a domain", "--name", "a\nb")]
    [InlineData("name of a host", "--hostname", "web_1")]
    [InlineData("memory", "--memory", "1")]
    public async Task What_cannot_be_is_told_before_a_daemon_is_asked(string told, params string[] words)
    {
        using var around = new TestSurroundings();
        string[] name = words[0] == "--name" ? [] : ["--name", "web1"];
        Assert.Equal(ExitCode.Failed, await around.RunAsync(["create", "--image", "debian", "--socket", "/nonexistent", .. name, .. words]));
        Assert.Contains(told, around.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_password_is_refused()
    {
        using var around = new TestSurroundings(new MemoryStream("\n"u8.ToArray()));
        Assert.Equal(ExitCode.Failed, await around.RunAsync("create", "--image", "debian", "--name", "web1", "--password-file", "-", "--socket", "/nonexistent"));
        Assert.Contains("is empty", around.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jobs_are_listed_with_their_state()
    {
        await using var daemon = (await FakeDaemon.StartAsync()).On(
            "GET /v1/jobs",
            [Job("image-build", "debian") with { Now = At("downloading", 0.1, 40) }, Job("guest-create", "web1") with { Now = Ended() }],
            GodwitJson.Default.ImmutableArrayJobInfo);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Success, await around.RunAsync("job", "list", "--socket", daemon.Socket));
        Assert.Matches($@"{s_id} +image-build +debian +downloading, 10 %, about 40\.0 s left\n{s_id} +guest-create +web1 +done", around.Out);
    }

    private static JobInfo Job(string kind, string subject) => new() { Id = s_id, Kind = kind, Subject = subject, Host = "storage", AgeSeconds = 1, Now = At("beginning", 0, null) };

    private static JobEvent At(string step, double share, double? left) => new() { Step = step, Share = share, ExpectedSeconds = left };

    private static JobEvent Ended(ApiError? error = null) => At("clearing up", 1, null) with { Result = new JobResult { Error = error } };

    private static async Task EventsAsync(HttpContext context, params JobEvent[] events)
    {
        foreach (var e in events)
            await context.Response.WriteAsync(JsonSerializer.Serialize(e, GodwitJson.Default.JobEvent) + "\n");
        await context.Response.Body.FlushAsync();
    }
}
