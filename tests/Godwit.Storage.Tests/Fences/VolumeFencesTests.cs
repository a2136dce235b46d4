using Godwit.Aoe.Control;
using Godwit.Domains;
using Godwit.Storage.Fences;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Storage.Tests.Fences;

/// <summary>What a host is told of a volume whose export answers as the test says, over a real control socket.</summary>
public sealed class VolumeFencesTests : IDisposable
{
    private static readonly VolumeName s_name = VolumeName.Parse("vg_xen/lv_vm1");
    private readonly TemporaryDirectory _directory = new();
    private readonly VolumeFences _fences;
    private readonly List<ControlRequest> _asked = [];

    public VolumeFencesTests()
    {
        Directory.CreateDirectory(_directory.File("run"));
        var exports = new VolumeExports(
            new ExportPlaces("/nonexistent", ["st0"], _directory.File("state"), _directory.File("run")), TimeProvider.System, NullLogger<VolumeExports>.Instance);
        var catalog = new VolumeCatalog(_directory.File("volumes.json"));
        catalog.Add(s_name, 4096);
        var service = new VolumeService("storage", new VolumeGroups("storage", new DirectoryStore("vg_xen", _directory.File("vg_xen"))),
            catalog, exports, DirectVolumeData.Instance, TimeProvider.System, NullLogger<VolumeService>.Instance);
        _fences = new VolumeFences(service, exports);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    private ControlServer Answer(Func<ControlRequest, ControlReply> reply) => ControlServer.Start(_directory.File("run/e0.0.sock"), (request, _) =>
    {
        _asked.Add(request);
        return Task.FromResult(reply(request));
    }, NullLogger.Instance);

    private static ControlReply Status(bool servesWrites, string? problem) => new()
    {
        Ok = true,
        Export = new ExportStatus
        {
            Device = "e0.0",
            Path = "/x",
            Size = 4096,
            Interfaces = [new PortStatus("st0", 9000, 0, 0)],
            ReadOnly = false,
            Managed = true,
            ServesWrites = servesWrites,
            Problem = problem,
            BootId = "b",
            Readers = [],
            Counters = new ExportCounters(0, 0, 0, 0, 0, 0, 0),
        },
    };

    [Fact]
    public async Task The_export_hears_the_name_that_the_host_came_under()
    {
        await using var export = Answer(_ => new ControlReply { Ok = true, Session = 3, PreviousEpoch = 6 });
        Assert.Equal(3, await _fences.AdmitAsync(s_name, "resource-1", [MacAddress.Parse("02:00:00:00:00:01")], true, Ct));
        Assert.Equal(6, await _fences.FenceAsync(s_name, "resource-1", 7, 3, Ct));
        await _fences.ReleaseAsync(s_name, "resource-1", 3, Ct);
        Assert.Equal(
            [("admit", "resource-1", null, null), ("fence", "resource-1", 7L, 3), ("release", "resource-1", null, 3)],
            _asked.Select(request => (request.Op, request.Host!, request.Epoch, request.Session)));
        Assert.Equal(["02:00:00:00:00:01"], _asked[0].Macs!);
        Assert.True(_asked[0].Sessionless);
    }

    [Theory]
    [InlineData(AoeControlCode.StaleEpoch, FenceRefusal.StaleEpoch)]
    [InlineData(AoeControlCode.NotAdmitted, FenceRefusal.NotAdmitted)]
    [InlineData(AoeControlCode.NoFenceState, StorageErrors.Unreachable)]
    [InlineData(AoeControlCode.StateNotSaved, StorageErrors.Unreachable)]
    public async Task A_refusal_is_told_apart_from_storage_that_cannot_answer(string said, string told)
    {
        await using var export = Answer(_ => ControlReply.Refused(new AoeControlException(said, "Because.", "Do this.")));
        var refused = await Assert.ThrowsAnyAsync<GodwitException>(() => _fences.FenceAsync(s_name, "resource-1", 7, 3, Ct));
        Assert.Equal((told, "Do this."), (refused.Code, refused.Remedy));
        Assert.Contains("Because.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_export_that_does_not_run_is_storage_that_cannot_be_reached()
    {
        foreach (var ask in new Func<Task>[]
        {
            () => _fences.AdmitAsync(s_name, "h", [MacAddress.Parse("02:00:00:00:00:01")], true, Ct),
            () => _fences.FenceAsync(s_name, "h", 1, 1, Ct),
            () => _fences.ReleaseAsync(s_name, "h", 1, Ct),
            () => _fences.ProbeAsync(s_name, Ct),
        })
        {
            var refused = await Assert.ThrowsAsync<GodwitException>(ask);
            Assert.Equal(StorageErrors.Unreachable, refused.Code);
            Assert.StartsWith("vg_xen/lv_vm1 is not served at the moment", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_probe_succeeds_only_when_writes_would_be_served()
    {
        var reply = Status(servesWrites: true, null);
        await using var export = Answer(_ => reply);
        await _fences.ProbeAsync(s_name, Ct);
        reply = Status(servesWrites: false, "the state of the fence is missing");
        var refused = await Assert.ThrowsAsync<GodwitException>(() => _fences.ProbeAsync(s_name, Ct));
        Assert.Equal((StorageErrors.Unreachable, "vg_xen/lv_vm1 is exported, and serves no writes: the state of the fence is missing."), (refused.Code, refused.Message));
    }

    [Fact]
    public async Task A_volume_that_is_not_there_is_answered_with_the_nearest()
    {
        var refused = await Assert.ThrowsAsync<GodwitException>(() => _fences.ProbeAsync(VolumeName.Parse("xen/lv_vm1"), Ct));
        Assert.Equal((StorageErrors.NoSuchVolume, "Did you mean vg_xen/lv_vm1?"), (refused.Code, refused.Remedy));
    }
}
