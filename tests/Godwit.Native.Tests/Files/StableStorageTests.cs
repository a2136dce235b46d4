using Godwit.Native.Files;

namespace Godwit.Native.Tests.Files;

public sealed class StableStorageTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("godwit-native-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_file_is_replaced_whole_and_nothing_is_left_beside_it()
    {
        var path = Path.Combine(_directory, "state");
        StableStorage.Replace(path, "one, and long"u8);
        StableStorage.Replace(path, "two"u8);
        Assert.Equal("two", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_directory));
        Assert.Throws<DirectoryNotFoundException>(() => StableStorage.Replace(Path.Combine(_directory, "no", "state"), "x"u8));
    }

    [Fact]
    public void Files_sync_and_tell_their_size()
    {
        using var file = File.OpenHandle(Path.Combine(_directory, "disk"), FileMode.CreateNew, FileAccess.ReadWrite);
        RandomAccess.SetLength(file, 5L << 30);
        Assert.Equal(5L << 30, StableStorage.SizeOf(file));
        StableStorage.Sync(file);
        using var pipe = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write);
        Assert.Throws<NativeException>(() => StableStorage.Sync(pipe));
    }
}
