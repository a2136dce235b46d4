using System.Diagnostics;
using Godwit.Domains;
using Godwit.Storage.Attachments;
using Godwit.Storage.Fences;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Storage.Tests.EndToEnd;

/// <summary>Volumes from their creation to their last writer, with the program as it ships and QEMU's own tools as the guest.</summary>
public sealed class VolumeTests : IDisposable
{
    private const long Size = 16 << 20;
    private static readonly VolumeName s_name = VolumeName.Parse("vg_xen/lv_vm1");
    private static readonly DiskSpec s_spec = new() { Target = "vg_xen/lv_vm1", Backend = DiskBackend.Block, VirtualDevice = "hda1" };
    private readonly TemporaryDirectory _directory = new();
    private readonly StorageNetwork? _network;

    public VolumeTests()
    {
        Assert.SkipUnless(StorageNetwork.Possible, "needs root, ip and qemu-io");
        _network = new StorageNetwork();
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private StorageNetwork Network => _network!;

    public void Dispose()
    {
        _network?.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_volume_is_a_sparse_file_and_its_export_outlives_the_daemon()
    {
        var (service, exports) = Serve();
        var volume = await service.CreateAsync(s_name, 1L << 33, Ct);
        Assert.Equal(new VolumeLocation(s_name, 1L << 33, "storage", 0, 0), volume);
        var path = _directory.File("vg_xen/lv_vm1");
        Assert.Equal(1L << 33, new FileInfo(path).Length);
        Assert.InRange(long.Parse(StorageNetwork.Run("stat", "-c", "%b", path).Output, null), 0, 64);
        Assert.Equal(StorageErrors.VolumeExists, (await Assert.ThrowsAsync<GodwitException>(() => service.CreateAsync(s_name, Size, Ct))).Code);

        var entry = service.Find(s_name);
        var boot = (await exports.Control(entry).StatusAsync(Ct)).BootId;
        var (later, laterExports) = Serve();
        Assert.Equal(volume, Assert.Single(later.List()));
        await laterExports.EnsureAsync(entry, path, isNew: false, Ct);
        Assert.Equal(boot, (await laterExports.Control(entry).StatusAsync(Ct)).BootId);
        Assert.Single(Processes(Network.Storage));
    }

    [Fact]
    public async Task An_export_that_died_is_started_again_with_its_fence_also_by_a_later_daemon()
    {
        var (service, _) = Serve();
        await service.CreateAsync(s_name, Size, Ct);
        var entry = service.Find(s_name);
        var (later, exports) = Serve();
        var session = await exports.Control(entry).AdmitAsync("first", ["02:00:00:00:00:01"], Ct);
        await exports.Control(entry).FenceAsync("first", 5, session, Ct);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var running = later.RunAsync(stop.Token);
        for (var round = 0; round < 2; round++)
        {
            var before = await exports.Control(entry).StatusAsync(Ct);
            StorageNetwork.Run("kill", "-KILL", Assert.Single(Processes(Network.Storage)));
            var boot = before.BootId;
            for (var i = 0; i < 200 && boot == before.BootId; i++)
            {
                await Task.Delay(50, Ct);
                boot = await BootIdAsync() ?? boot;
            }
            Assert.NotEqual(before.BootId, boot);
            Assert.Equal(5, (await exports.Control(entry).StatusAsync(Ct)).Epoch);
        }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        async Task<string?> BootIdAsync()
        {
            try
            {
                return (await exports.Control(entry).StatusAsync(Ct)).BootId;
            }
            catch (GodwitException)
            {
                return null;
            }
        }
    }

    [Fact]
    public async Task The_writers_role_goes_from_host_to_host_and_back()
    {
        var (service, exports) = Serve();
        await service.CreateAsync(s_name, Size, Ct);
        var fences = new VolumeFences(service, exports);
        var (first, second) = (Open("first", Network.First), Open("second", Network.Second));
        var identity = await first.IdentifyAsync(s_spec, Ct);
        Assert.Equal(identity, await second.IdentifyAsync(s_spec, Ct));

        var here = await TimedAsync("AttachAsync", () => first.AttachAsync("vm1", s_spec, identity, Ct));
        Assert.NotEqual(0, Write(here, 1).Code);
        Assert.Equal(0, await TimedAsync("FenceAsync", () => first.FenceAsync(here, 1, Ct)));
        Assert.Equal(0, await first.FenceAsync(here, 1, Ct));
        Assert.Equal(0, Write(here, 1).Code);
        await first.FlushAsync(here, Ct);
        Assert.Equal(1, OnDisk());

        var there = await TimedAsync("AttachAsync", () => second.AttachAsync("vm1", s_spec, identity, Ct));
        Assert.NotEqual(0, Write(there, 2).Code);
        Assert.Equal(0, Write(here, 3).Code);
        Assert.Equal(1, await TimedAsync("FenceAsync", () => second.FenceAsync(there, 2, Ct)));
        var (code, output) = Write(here, 4);
        Assert.True(code != 0 && output.Contains("Input/output error", StringComparison.Ordinal), output);
        Assert.Equal(3, OnDisk());
        Assert.Equal(FenceRefusal.StaleEpoch, (await Assert.ThrowsAnyAsync<GodwitException>(() => first.FenceAsync(here, 1, Ct))).Code);
        Assert.Equal(0, Write(there, 5).Code);

        here = await first.ReadmitAsync(here, Ct);
        Assert.Equal(2, await TimedAsync("FenceAsync", () => first.FenceAsync(here, 3, Ct)));
        Assert.Equal(0, Write(here, 6).Code);
        Assert.NotEqual(0, Write(there, 7).Code);
        Assert.Equal(6, OnDisk());

        // A daemon that starts anew finds both what runs and the session it now has.
        var later = Open("first", Network.First);
        Assert.Equal(here, Assert.Single(await later.FindAsync(Ct)));
        await later.ProbeAsync(here, Ct);
        await TimedAsync("DetachAsync", async () =>
        {
            await later.DetachAsync(here, Ct);
            return 0;
        });
        await second.DetachAsync(there, Ct);
        Assert.Empty(Processes(Network.First));
        Assert.Empty(Processes(Network.Second));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.File("first")));
        Assert.Empty(await later.FindAsync(Ct));
        var status = await exports.Control(service.Find(s_name)).StatusAsync(Ct);
        Assert.Equal((3L, true), (status.Epoch, status.Writer is null));
        Assert.Empty(status.Readers);

        Disks Open(string host, string side) => new(
            new LocalEndpoints(host, service, fences),
            new DiskPlaces(Program(side), ["st0"], [MacAddress.Parse(StorageNetwork.MacOf(side))], _directory.File(host)),
            Epochs.None, TimeProvider.System, NullLogger<Disks>.Instance);
    }

    /// <summary>QEMU's own driver waits and repeats: the guest sees neither an error nor an old sector.</summary>
    [Fact]
    public async Task A_guest_goes_on_over_the_death_of_the_process_that_serves_its_disk_and_of_the_target()
    {
        var (service, exports) = Serve();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        await service.CreateAsync(s_name, Size, Ct);
        var exporting = service.RunAsync(stop.Token);
        var disks = new Disks(
            new LocalEndpoints("first", service, new VolumeFences(service, exports)),
            new DiskPlaces(Program(Network.First), ["st0"], [MacAddress.Parse(StorageNetwork.MacOf(Network.First))], _directory.File("first")),
            Epochs.None, TimeProvider.System, NullLogger<Disks>.Instance);
        var watching = disks.WatchAsync(stop.Token);
        var disk = await disks.AttachAsync("vm1", s_spec, await disks.IdentifyAsync(s_spec, Ct), Ct);
        await disks.ReadyAsync(disk, Ct);
        await disks.FenceAsync(disk, 1, Ct);

        using var guest = Process.Start(new ProcessStartInfo("stdbuf",
            ["-oL", "qemu-io", "--image-opts", $"driver=nbd,server.type=unix,server.path={disk.Path},reconnect-delay=60"])
        { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await PromptAsync();
        await AskAsync("write -P 1 0 64k");
        for (var round = 2; round < 6; round++)
        {
            var victim = round % 2 == 0 ? Network.First : Network.Storage;
            StorageNetwork.Run("kill", "-KILL", Assert.Single(Processes(victim)));
            var watch = Stopwatch.StartNew();
            await AskAsync($"write -P {round} 4k 64k");
            await AskAsync($"read -P 1 0 4k");
            await AskAsync($"read -P {round} 4k 64k");
            await AskAsync("flush");
            TestContext.Current.SendDiagnosticMessage($"after the death of {victim}: {watch.Elapsed.TotalMilliseconds:F0} ms");
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}");
        }
        await guest.StandardInput.WriteLineAsync("quit");
        await guest.WaitForExitAsync(Ct);
        await disks.DetachAsync(disk, Ct);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(exporting, watching));

        async Task<string> PromptAsync()
        {
            var said = new System.Text.StringBuilder();
            var one = new char[1];
            while (!said.ToString().EndsWith("qemu-io> ", StringComparison.Ordinal))
            {
                Assert.Equal(1, await guest.StandardOutput.ReadAsync(one, Ct));
                said.Append(one);
            }
            return said.ToString();
        }

        async Task AskAsync(string command)
        {
            await guest.StandardInput.WriteLineAsync(command);
            var said = await PromptAsync();
            Assert.False(said.Contains("failed", StringComparison.OrdinalIgnoreCase) || said.Contains("error", StringComparison.OrdinalIgnoreCase), $"{command}: {said}");
        }
    }

    /// <summary>A host that is storage and compute at once: under the same fence as any other, and over the death of its export.</summary>
    [Fact]
    public async Task The_storage_host_attaches_its_own_volume_over_a_socket_and_is_fenced_like_any_host()
    {
        var (service, exports) = Serve();
        await service.CreateAsync(s_name, Size, Ct);
        var fences = new VolumeFences(service, exports);
        var own = new Disks(
            new LocalEndpoints("storage", service, fences),
            new DiskPlaces(
                Program(Network.Storage), ["st0"], [MacAddress.Parse(StorageNetwork.MacOf(Network.Storage))], _directory.File("own"),
                Local: new LocalExports("storage", _directory.File("run"))),
            Epochs.None, TimeProvider.System, NullLogger<Disks>.Instance);
        var second = new Disks(
            new LocalEndpoints("second", service, fences),
            new DiskPlaces(Program(Network.Second), ["st0"], [MacAddress.Parse(StorageNetwork.MacOf(Network.Second))], _directory.File("second")),
            Epochs.None, TimeProvider.System, NullLogger<Disks>.Instance);
        var identity = await own.IdentifyAsync(s_spec, Ct);

        var here = await own.AttachAsync("vm1", s_spec, identity, Ct);
        await own.ReadyAsync(here, Ct);
        Assert.NotEqual(0, Write(here, 1).Code);
        await own.FenceAsync(here, 1, Ct);
        Assert.Equal(0, Write(here, 1).Code);
        await own.FlushAsync(here, Ct);
        Assert.Equal(1, OnDisk());

        var there = await second.AttachAsync("vm1", s_spec, identity, Ct);
        await second.ReadyAsync(there, Ct);
        Assert.Equal(1, await second.FenceAsync(there, 2, Ct));
        Assert.NotEqual(0, Write(here, 2).Code);
        Assert.Equal(0, Write(there, 3).Code);
        here = await own.ReadmitAsync(here, Ct);
        Assert.Equal(2, await own.FenceAsync(here, 3, Ct));
        Assert.NotEqual(0, Write(there, 4).Code);
        Assert.Equal(0, Write(here, 5).Code);

        // Another export takes the dead one's place, and the attach process finds it.
        var entry = service.Find(s_name);
        StorageNetwork.Run("kill", "-KILL", Storage.Processes.Serving(_directory.File("run/e0.0.sock"))!.Value.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        while (Storage.Processes.Serving(_directory.File("run/e0.0.sock")) is not null)
            await Task.Delay(20, Ct);
        await exports.EnsureAsync(entry, _directory.File("vg_xen/lv_vm1"), isNew: false, Ct);
        Assert.Equal(0, Write(here, 6).Code);
        Assert.Equal(6, OnDisk());

        // Both see it grow.
        await service.ResizeAsync(s_name, 2 * Size, shrink: false, NoProgress.Instance, Ct);
        here = await own.GrowAsync(here, 2 * Size, Ct);
        there = await second.GrowAsync(there, 2 * Size, Ct);
        foreach (var disk in new[] { here, there })
            Assert.Contains($"{2 * Size} bytes", StorageNetwork.Run("qemu-img", "info", "-f", "raw", $"nbd+unix:///?socket={disk.Path}").Output);
        Assert.Equal(2 * Size, Assert.Single(await own.FindAsync(Ct)).Disk.SizeBytes);
        Assert.Equal(StorageErrors.Unreachable, (await Assert.ThrowsAsync<GodwitException>(() => own.GrowAsync(here, 3 * Size, Ct))).Code);

        await own.DetachAsync(here, Ct);
        await second.DetachAsync(there, Ct);
        Assert.Empty(service.UsersOf(s_name));
        await service.DeleteAsync(s_name, Ct);
        Assert.Empty(Processes(Network.Storage));
        Assert.False(File.Exists(_directory.File("run/e0.0.frames")));
    }

    [Fact]
    public async Task A_host_without_an_address_on_the_storage_network_is_told_so()
    {
        var (service, exports) = Serve();
        var refused = await Assert.ThrowsAsync<GodwitException>(() => new VolumeFences(service, exports).AdmitAsync(s_name, "first", [], false, Ct));
        Assert.Equal("no-storage-address", refused.Code);
    }

    private (VolumeService Service, VolumeExports Exports) Serve()
    {
        var exports = new VolumeExports(
            new ExportPlaces(Program(Network.Storage), ["st0"], _directory.File("state"), _directory.File("run")),
            TimeProvider.System, NullLogger<VolumeExports>.Instance);
        var service = new VolumeService("storage", new VolumeGroups("storage", new DirectoryStore("vg_xen", _directory.File("vg_xen"))),
            new VolumeCatalog(_directory.File("volumes.json")), exports, DirectVolumeData.Instance, TimeProvider.System, NullLogger<VolumeService>.Instance);
        return (service, exports);
    }

    /// <summary>The program as it is on that side of the network.</summary>
    private string Program(string side)
    {
        var path = _directory.File("program-" + side);
        return File.Exists(path)
            ? path
            : Scripts.Write(path, $"exec ip netns exec {side} '{Path.Combine(AppContext.BaseDirectory, "godwit-aoe")}' \"$@\"");
    }

    private static string[] Processes(string side) =>
        StorageNetwork.Run("ip", "netns", "pids", side).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static (int Code, string Output) Write(AttachedDisk disk, int pattern) =>
        StorageNetwork.Run("qemu-io", "-f", "raw", $"nbd+unix:///?socket={disk.Path}", "-c", $"write -P {pattern} 0 4k", "-c", "flush");

    private int OnDisk()
    {
        using var file = File.OpenRead(_directory.File("vg_xen/lv_vm1"));
        return file.ReadByte();
    }

    private static async Task<T> TimedAsync<T>(string what, Func<Task<T>> work)
    {
        var watch = Stopwatch.StartNew();
        var result = await work();
        TestContext.Current.SendDiagnosticMessage($"{what}: {watch.Elapsed.TotalMilliseconds:F1} ms");
        return result;
    }
}
