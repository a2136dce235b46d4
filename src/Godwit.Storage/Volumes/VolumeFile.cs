using Godwit.Domains;
using Godwit.Native.Files;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Storage.Volumes;

/// <summary>The sparse file of a volume, which only root may open: it holds what a guest believes to be its own disk.</summary>
internal static class VolumeFile
{
    /// <summary>Makes it; it is on stable storage afterwards. On failure there is none.</summary>
    /// <exception cref="GodwitException">Something of that name is there, or the file system does not take the size.</exception>
    public static void Create(string path, long sizeBytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            using (var file = Open(path))
                Extend(file, path, sizeBytes);
            StableStorage.SyncDirectory(Path.GetDirectoryName(path)!);
        }
        catch (GodwitException e) when (e.Code == StorageErrors.VolumeExists)
        {
            throw; // It is somebody else's file.
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    public static void Delete(string path)
    {
        if (!File.Exists(path))
            return;
        File.Delete(path);
        StableStorage.SyncDirectory(Path.GetDirectoryName(path)!);
    }

    private static SafeFileHandle Open(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        }
        // A directory of that name gives the second one.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && Path.Exists(path))
        {
            throw new GodwitException(
                StorageErrors.VolumeExists, $"{path} is there already, and no volume of the pool.", "Remove it, or choose another name.", e);
        }
    }

    private static void Extend(SafeFileHandle file, string path, long sizeBytes)
    {
        try
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            RandomAccess.SetLength(file, sizeBytes);
            StableStorage.Sync(file);
        }
        // Too large comes as an argument that is out of range.
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            throw new GodwitException(StorageErrors.BadSize, $"{path} cannot have {sizeBytes} bytes: {e.Message}",
                "See that the file system of the group allows files of this size.", e);
        }
    }
}
