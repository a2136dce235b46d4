using System.Diagnostics;
using Godwit.Native.Files;

namespace Godwit.Native.Tests.Files;

public sealed class SparseFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("godwit-native-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_range_is_zeroed_and_its_neighbours_are_not()
    {
        using var file = File.OpenHandle(Path.Combine(_directory, "disk"), FileMode.CreateNew, FileAccess.ReadWrite);
        PositionedIo.Write(file, [.. Enumerable.Repeat((byte)1, 3 << 20)], 0);
        Assert.True(SparseFile.Punches(file));
        Assert.True(SparseFile.TryPunch(file, 512, (2 << 20) - 1024));
        Assert.False(SparseFile.TryPunch(file, 0, 0));
        var data = new byte[3 << 20];
        Assert.Equal(data.Length, PositionedIo.Read(file, data, 0));
        Assert.Equal((1, 0, 0, 1, 1), (data[511], data[512], data[(2 << 20) - 513], data[(2 << 20) - 512], data[^1]));
        Assert.Equal(3 << 20, RandomAccess.GetLength(file));
        Assert.Equal(0, PositionedIo.Read(file, data, 3 << 20));
    }

    /// <summary>A file system in memory that has holes, and one that has none; and loop devices on both.</summary>
    [Theory]
    [InlineData("tmpfs", true)]
    [InlineData("ramfs", false)]
    public void Whether_a_file_or_device_can_have_holes_is_known_beforehand(string kind, bool holes)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root");
        Sh("mount", "-t", kind, "none", _directory);
        try
        {
            var path = Path.Combine(_directory, "disk");
            using (var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite))
            {
                PositionedIo.Write(file, new byte[1 << 20], 0);
                Assert.Equal(holes, SparseFile.Punches(file));
                Assert.Equal(1 << 20, RandomAccess.GetLength(file));
                Assert.Equal(holes, SparseFile.TryPunch(file, 4096, 4096));
            }
            var device = Sh("losetup", "-f", "--show", path).Trim();
            try
            {
                using var block = File.OpenHandle(device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
                PositionedIo.Write(block, [.. Enumerable.Repeat((byte)1, 8192)], 0);
                Assert.Equal(holes, SparseFile.Punches(block));
                var data = new byte[512];
                PositionedIo.Read(block, data, 4096);
                Assert.Equal(1, data[0]);
                if (!holes) return;
                Assert.True(SparseFile.TryPunch(block, 4096, 4096));
                PositionedIo.Read(block, data, 4096);
                Assert.Equal(0, data[0]);
            }
            finally
            {
                Sh("losetup", "-d", device);
            }
        }
        finally
        {
            Sh("umount", "-l", _directory);
        }
    }

    [Fact]
    public void What_can_neither_have_holes_nor_be_written_is_said()
    {
        using var file = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);
        Assert.False(SparseFile.Punches(file));
        Assert.Throws<NativeException>(() => PositionedIo.Write(file, new byte[512], 0));
        using var readOnly = File.OpenHandle("/dev/zero");
        Assert.Throws<NativeException>(() => PositionedIo.Write(readOnly, new byte[512], 0));
    }

    private static string Sh(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }

    [Fact]
    public void Data_is_found_behind_holes()
    {
        var path = Path.GetTempFileName();
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.SetLength(file, 8 << 20);
            Assert.Equal(8 << 20, SparseFile.NextData(file, 0, 8 << 20));
            RandomAccess.Write(file, [1], 4 << 20);
            StableStorage.Sync(file);
            Assert.Equal(4 << 20, SparseFile.NextData(file, 0, 8 << 20));
            Assert.Equal(1 << 20, SparseFile.NextData(file, 0, 1 << 20));
            Assert.Equal((4 << 20) + 1, SparseFile.NextData(file, (4 << 20) + 1, 8 << 20));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_file_is_shared_whole_where_its_file_system_can()
    {
        var (from, to) = (Path.GetTempFileName(), Path.GetTempFileName());
        try
        {
            File.WriteAllBytes(from, [.. Enumerable.Repeat((byte)7, 8192)]);
            bool shared;
            using (var source = File.OpenHandle(from))
            using (var target = File.OpenHandle(to, FileMode.Open, FileAccess.ReadWrite))
                shared = SparseFile.TryShare(source, target);
            Assert.Equal(shared ? 8192 : 0, new FileInfo(to).Length);
        }
        finally
        {
            File.Delete(from);
            File.Delete(to);
        }
    }
}
