using Godwit.Domains;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;

namespace Godwit.Storage.Tests.Volumes;

public sealed class DirectVolumeDataTests : IDisposable
{
    private const int MiB = 1 << 20;
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    private string Make(string name, int length, params (int At, byte[] Data)[] parts)
    {
        var path = _directory.File(name);
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        RandomAccess.SetLength(file, length);
        foreach (var (at, data) in parts)
            RandomAccess.Write(file, data, at);
        return path;
    }

    [Fact]
    public async Task A_copy_has_the_same_bytes_and_holes_and_tells_how_far_it_is()
    {
        var from = Make("from", 64 * MiB, (0, [1, 2, 3]), ((40 * MiB) + 5, new byte[MiB / 2]), ((50 * MiB) - 2, [7, 8, 9, 10]));
        var to = Make("to", 80 * MiB);
        var reports = new List<WorkProgress>();
        await DirectVolumeData.Instance.CopyAsync(VolumeExtent.Whole(from, 64 * MiB), VolumeExtent.Whole(to, 64 * MiB), new Reports(reports.Add), Ct);
        var (copied, original) = (await File.ReadAllBytesAsync(to, Ct), await File.ReadAllBytesAsync(from, Ct));
        Assert.True(copied.AsSpan(0, 64 * MiB).SequenceEqual(original));
        Assert.False(copied.AsSpan(64 * MiB).ContainsAnyExcept((byte)0));
        Assert.Equal(new WorkProgress(64 * MiB, 64 * MiB), reports[^1]);
        Assert.Equal(reports.Select(r => r.Done).Order(), reports.Select(r => r.Done));
        // Blocks of 512 bytes that it takes.
        var taken = long.Parse(await Native.Processes.ProgramRunner.RunAsync(["stat", "-c", "%b", to], ct: Ct), System.Globalization.CultureInfo.InvariantCulture) * 512;
        Assert.InRange(taken, 1, 8 * MiB);
    }

    [Fact]
    public async Task A_disk_that_vanishes_in_the_middle_is_named_with_the_place()
    {
        var from = Make("from", 8 * MiB, (0, [.. Enumerable.Repeat((byte)1, 8 * MiB)]));
        var to = Make("to", 8 * MiB);
        var failed = await Assert.ThrowsAsync<GodwitException>(() => DirectVolumeData.Instance.CopyAsync(VolumeExtent.Whole(from, 8 * MiB), VolumeExtent.Whole(to, 8 * MiB), new Reports(progress =>
        {
            if (progress.Done == 4 * MiB)
                File.WriteAllBytes(from, []);
        }), Ct));
        Assert.Equal(StorageErrors.CopyFailed, failed.Code);
        Assert.StartsWith($"Could not read {from} at byte {4 * MiB}: ", failed.Message);
    }

    [Fact]
    public async Task A_side_that_cannot_be_opened_is_named()
    {
        var from = Make("from", MiB);
        var failed = await Assert.ThrowsAsync<GodwitException>(() => DirectVolumeData.Instance.CopyAsync(VolumeExtent.Whole(from, MiB), VolumeExtent.Whole(_directory.File("none"), MiB), NoProgress.Instance, Ct));
        Assert.StartsWith($"Could not open {_directory.File("none")} at byte 0: ", failed.Message);
        Assert.False(File.Exists(_directory.File("none")));
    }

    [Fact]
    public async Task A_range_is_made_zeroes_and_nothing_else()
    {
        var path = Make("from", 8 * MiB, (0, [.. Enumerable.Repeat((byte)1, 8 * MiB)]));
        await DirectVolumeData.Instance.ZeroAsync(path, 2 * MiB, 6 * MiB, NoProgress.Instance, Ct);
        var bytes = await File.ReadAllBytesAsync(path, Ct);
        Assert.False(bytes.AsSpan(2 * MiB, 4 * MiB).ContainsAnyExcept((byte)0));
        Assert.False(bytes.AsSpan(0, 2 * MiB).ContainsAnyExcept((byte)1));
        Assert.False(bytes.AsSpan(6 * MiB).ContainsAnyExcept((byte)1));
    }

    [Fact]
    public async Task A_copy_that_is_given_up_stops()
    {
        var from = Make("from", 8 * MiB, (0, [.. Enumerable.Repeat((byte)1, 8 * MiB)]));
        var to = Make("to", 8 * MiB);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => DirectVolumeData.Instance.CopyAsync(VolumeExtent.Whole(from, 8 * MiB), VolumeExtent.Whole(to, 8 * MiB), new Reports(_ => stop.Cancel()), stop.Token));
    }

    internal sealed class Reports(Action<WorkProgress> take) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => take(value);
    }
}
