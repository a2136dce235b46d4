using Godwit.Domains;
using Godwit.Native.Processes;
using Godwit.Storage.Attachments;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Storage.Tests.Attachments;

public sealed class ReadmittedDiskTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Detaching_gives_up_the_session_that_the_disk_has_now()
    {
        var ct = TestContext.Current.CancellationToken;
        var endpoints = new FakeEndpoints();
        var disks = new Disks(
            endpoints, new DiskPlaces("/nonexistent", ["st0"], [MacAddress.Parse("02:00:00:00:00:01")], _directory.Path), Epochs.None, TimeProvider.System, NullLogger<Disks>.Instance);
        var attached = new AttachedDisk
        {
            Domain = "vm1",
            Disk = new DiskIdentity { Kind = DiskKind.PoolVolume, Name = "vg/a", SizeBytes = 4096, StorageHost = "storage" },
            ReadOnly = false,
            Path = _directory.File("vm1.0.nbd"),
            Session = 4,
        };
        // Its process has ended, and a daemon had it admitted under session 5 meanwhile.
        new AttachmentFiles(_directory.Path).Save(new AttachmentRecord(attached with { Session = 5 }, new RunningProcess(int.MaxValue, 1)));
        await disks.DetachAsync(attached, ct);
        Assert.Equal(["release vg/a 5"], endpoints.Calls);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.Path));
    }
}
