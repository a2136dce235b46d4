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
        RandomAccess.Write(file, [.. Enumerable.Repeat((byte)1, 3 << 20)], 0);
        SparseFile.Zero(file, 512, (2 << 20) - 1024);
        SparseFile.Zero(file, 0, 0);
        var data = new byte[3 << 20];
        RandomAccess.Read(file, data, 0);
        Assert.Equal((1, 0, 0, 1, 1), (data[511], data[512], data[(2 << 20) - 513], data[(2 << 20) - 512], data[^1]));
        Assert.Equal(3 << 20, RandomAccess.GetLength(file));
    }

    [Fact]
    public void What_can_neither_have_holes_nor_be_written_is_said()
    {
        using var file = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);
        Assert.ThrowsAny<IOException>(() => SparseFile.Zero(file, 0, 512));
    }
}
