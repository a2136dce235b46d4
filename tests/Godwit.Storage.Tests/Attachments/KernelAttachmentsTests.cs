using Godwit.Domains;
using Godwit.Storage.Attachments;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Storage.Tests.Attachments;

/// <summary>Attaching by the kernel's driver, whose files a directory has here; the driver itself is asked by the tests with its guests.</summary>
public sealed class KernelAttachmentsTests : IAsyncDisposable
{
    private const long Size = 1 << 20;
    private static readonly DiskSpec s_spec = new() { Target = "vg/a", Backend = DiskBackend.Block, VirtualDevice = "xvda" };
    private static readonly DiskIdentity s_disk = new() { Kind = DiskKind.PoolVolume, Name = "vg/a", SizeBytes = Size, StorageHost = "storage", Shelf = 1, Slot = 2 };
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeEndpoints _endpoints = new();
    private FakeKernel? _kernel;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private FakeKernel Kernel => _kernel ??= new FakeKernel(_directory.File("root"));

    private string Device => _directory.File("root/dev/etherd/e1.2");

    public async ValueTask DisposeAsync()
    {
        if (_kernel is not null)
            await _kernel.DisposeAsync();
        foreach (var record in new AttachmentFiles(_directory.File("run")).List())
            record.Process.Kill();
        _directory.Dispose();
    }

    private Disks Open(DiskDriver driver = DiskDriver.Kernel, string modprobe = "/nonexistent/modprobe", string? owner = null) => new(
        _endpoints,
        new DiskPlaces(
            Scripts.Write(_directory.File($"program{Guid.NewGuid()}"), "exec sleep 60"), ["st0", "st1"], [MacAddress.Parse("02:00:00:00:00:01")],
            _directory.File("run"), owner, driver),
        new KernelDriver(["st0", "st1"], TimeProvider.System, NullLogger.Instance, _directory.File("root"), modprobe),
        Epochs.None, TimeProvider.System, NullLogger<Disks>.Instance);

    [Fact]
    public async Task A_volume_is_a_device_is_fenced_found_again_and_taken_away()
    {
        Kernel.Targets["e1.2"] = Size;
        Kernel.Lose = 1;
        var disks = Open();
        var attached = await disks.AttachAsync("vm1", s_spec, s_disk, Ct);
        Assert.Equal((Device, true, null, 1), (attached.Path, attached.KernelDevice, attached.StopSocket, attached.Session));
        await disks.ReadyAsync(attached, Ct);
        Assert.Equal(6, await disks.FenceAsync(attached, 7, Ct));
        await disks.ProbeAsync(attached, Ct);
        await disks.FlushAsync(attached, Ct);
        var again = await disks.ReadmitAsync(attached, Ct);
        Assert.Equal(2, again.Session);

        // Also by a daemon that is told to use the other driver.
        var later = Open(DiskDriver.Godwit);
        Assert.Equal(again, Assert.Single(await later.FindAsync(Ct)));
        await later.DetachAsync(attached, Ct);
        await GoneAsync("e1.2");
        Assert.Empty(await disks.FindAsync(Ct));
        Assert.Equal(["discover all\\0", "discover all\\0", "flush e1.2\\0"], Kernel.Heard);
        Assert.Equal(
            ["admit vg/a 02:00:00:00:00:01 sessionless", "fence vg/a 7 1", "probe vg/a", "admit vg/a 02:00:00:00:00:01 sessionless", "release vg/a 2"],
            _endpoints.Calls);
        await later.DetachAsync(attached, Ct);
        Assert.Equal("release vg/a 1", _endpoints.Calls[^1]);
    }

    [Fact]
    public async Task A_volume_that_has_grown_since_the_kernel_saw_it_is_looked_at_again()
    {
        Kernel.Show("e1.2", Size / 2);
        Kernel.Targets["e1.2"] = Size;
        Assert.Equal(Device, (await Open().AttachAsync("vm1", s_spec, s_disk, Ct)).Path);
        Assert.Equal(["revalidate e1.2\\0"], Kernel.Heard);
    }

    [Fact]
    public async Task Another_disk_under_its_address_is_refused_with_both_sizes()
    {
        Kernel.Targets["e1.2"] = Size / 2;
        var refused = await RefusedAsync(Open());
        Assert.Equal($"vg/a could not be attached: it has {Size} bytes, and {Device} has {Size / 2}.", refused.Message);
        Assert.Equal("See whether another target answers as e1.2: `godwit-aoe discover --interface st0 --interface st1`.", refused.Remedy);
    }

    [Fact]
    public async Task A_target_that_does_not_answer_is_named_with_the_interfaces()
    {
        Kernel.Targets["e1.3"] = Size;
        var refused = await RefusedAsync(Open());
        Assert.Equal("vg/a could not be attached: the kernel's driver aoe does not find e1.2 on st0 and st1 within 10 s.", refused.Message);
        Assert.Equal("See that the storage network is up: `godwit-aoe discover --interface st0 --interface st1` should list e1.2.", refused.Remedy);
    }

    [Fact]
    public async Task A_driver_that_is_kept_from_the_storage_network_is_told_so()
    {
        Kernel.Targets["e1.2"] = Size;
        Kernel.UseOnly("eth5 eth6");
        var refused = await RefusedAsync(Open());
        Assert.Equal(
            "vg/a could not be attached: the kernel's driver aoe is told to use eth5 and eth6 only, and the storage network is on st0 and st1.", refused.Message);
        Assert.Equal("Tell it otherwise: `aoe-interfaces st0 st1`.", refused.Remedy);
        Kernel.UseOnly("eth5,st1");
        Assert.Equal(Device, (await Open().AttachAsync("vm1", s_spec, s_disk, Ct)).Path);
    }

    [Fact]
    public async Task Without_the_driver_it_is_refused_or_a_process_does_it_as_it_is_set()
    {
        _kernel = new FakeKernel(_directory.File("root"), loaded: false);
        var failing = Scripts.Write(_directory.File("failing"), $"echo \"$@\" >> {_directory.File("asked")}; echo FATAL: Module aoe not found. >&2; exit 1");
        var refused = await RefusedAsync(Open(modprobe: failing));
        Assert.Equal("vg/a could not be attached: this host's kernel has no driver aoe.", refused.Message);
        Assert.False((await Open(DiskDriver.Auto, failing).AttachAsync("vm1", s_spec, s_disk, Ct)).KernelDevice);
        Assert.False((await Open(DiskDriver.Auto).AttachAsync("vm2", s_spec, s_disk, Ct)).KernelDevice);
        // A module that is loaded later is used from then on; what is attached stays as it is.
        var auto = Open(DiskDriver.Auto, failing);
        Assert.False((await auto.AttachAsync("vm3", s_spec, s_disk, Ct)).KernelDevice);
        Kernel.Load();
        Kernel.Targets["e1.2"] = Size;
        Assert.True((await auto.AttachAsync("vm4", s_spec, s_disk, Ct)).KernelDevice);
        Assert.Equal([false, false, false, true], (await auto.FindAsync(Ct)).OrderBy(disk => disk.Domain).Select(disk => disk.KernelDevice));
        Assert.Equal(Enumerable.Repeat("aoe aoe_iflist=st0,st1", 3), await File.ReadAllLinesAsync(_directory.File("asked"), Ct));
        Assert.False((await Open(DiskDriver.Godwit).AttachAsync("vm5", s_spec, s_disk, Ct)).KernelDevice);
    }

    [Fact]
    public async Task A_module_that_can_be_loaded_is()
    {
        _kernel = new FakeKernel(_directory.File("root"), loaded: false);
        Kernel.Targets["e1.2"] = Size;
        var loading = Scripts.Write(_directory.File("loading"), $"mkdir -p {_directory.File("root/sys/module/aoe")}");
        Assert.True((await Open(DiskDriver.Auto, loading).AttachAsync("vm1", s_spec, s_disk, Ct)).KernelDevice);
    }

    [Fact]
    public async Task A_device_stays_as_long_as_another_domain_or_a_device_of_the_host_uses_it()
    {
        Kernel.Targets["e1.2"] = Size;
        var disks = Open();
        var reader = s_spec with { ReadOnly = true };
        var (first, second) = (await disks.AttachAsync("vm1", reader, s_disk, Ct), await disks.AttachAsync("vm2", reader, s_disk, Ct));
        var refused = await Assert.ThrowsAsync<GodwitException>(() => disks.AttachAsync("vm1", reader, s_disk, Ct));
        Assert.Equal(StorageErrors.AlreadyAttached, refused.Code);
        await disks.DetachAsync(first, Ct);
        Kernel.Hold("e1.2");
        await disks.DetachAsync(second, Ct);
        await Task.Delay(50, Ct);
        Assert.True(Kernel.Has("e1.2"));
        Assert.DoesNotContain(Kernel.Heard, word => word.StartsWith("flush", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_device_that_was_given_up_is_asked_for_again_when_its_storage_answers()
    {
        Kernel.Targets["e1.2"] = Size;
        var disks = Open();
        var attached = await disks.AttachAsync("vm1", s_spec, s_disk, Ct);
        Kernel.Show("e1.2", 0, "down,closewait");
        await disks.ProbeAsync(attached, Ct);
        Assert.Equal("revalidate e1.2\\0", Kernel.Heard[^1]);
        Kernel.Targets.Clear();
        Kernel.Show("e1.2", 0, "down,closewait");
        var refused = await Assert.ThrowsAsync<GodwitException>(() => disks.ProbeAsync(attached, Ct));
        Assert.Equal(
            (StorageErrors.Unreachable, $"storage serves vg/a, and {Device} does not reach it.", "See that this host's storage network is up, on st0 and st1."),
            (refused.Code, refused.Message, refused.Remedy));
    }

    [Fact]
    public async Task The_device_is_given_to_the_user_of_the_engine()
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root gives files away");
        Kernel.Targets["e1.2"] = Size;
        var attached = await Open(owner: "nobody").AttachAsync("vm1", s_spec, s_disk, Ct);
        Assert.Equal("nobody", (await Native.Processes.ProgramRunner.RunAsync(["stat", "-c", "%U", attached.Path], ct: Ct)).Trim());
    }

    /// <summary>Nothing is left of it, and its session is given up.</summary>
    private async Task<GodwitException> RefusedAsync(Disks disks)
    {
        var refused = await Assert.ThrowsAsync<GodwitException>(() => disks.AttachAsync("vm1", s_spec, s_disk, Ct));
        Assert.Equal(StorageErrors.AttachFailed, refused.Code);
        Assert.Empty(await disks.FindAsync(Ct));
        Assert.StartsWith("release vg/a ", _endpoints.Calls[^1], StringComparison.Ordinal);
        return refused;
    }

    private async Task GoneAsync(string address)
    {
        for (var i = 0; i < 200 && Kernel.Has(address); i++)
            await Task.Delay(10, Ct);
        Assert.False(Kernel.Has(address));
    }
}
