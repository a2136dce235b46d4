using Godwit.Native.Processes;

namespace Godwit.Storage.Tests;

/// <summary>A file system of some MiB, for what happens when there is no room.</summary>
internal sealed class SmallFilesystem(string path) : IAsyncDisposable
{
    public static async Task<SmallFilesystem> MountAsync(string path, int mebibytes)
    {
        Directory.CreateDirectory(path);
        await ProgramRunner.RunAsync(["mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "tmpfs", path]);
        return new SmallFilesystem(path);
    }

    public async ValueTask DisposeAsync() => await ProgramRunner.RunAsync(["umount", path]);
}
