using Godwit.Domains;
using Godwit.Native.Files;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Storage.Volumes;

/// <summary>The sparse file of a volume, which only root may open: it holds what a guest believes to be its own disk.</summary>
internal static class VolumeFile
{
    /// <summary>Makes it in a directory that is there; it is on stable storage afterwards. On failure there is none.</summary>
    /// <exception cref="GodwitException">The file system does not take the size.</exception>
    public static void Create(string path, long sizeBytes)
    {
        using (var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
        {
            try
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                SetSize(file, path, sizeBytes);
            }
            catch
            {
                File.Delete(path);
                throw;
            }
        }
        StableStorage.SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Gives it another size, durably; what is new reads as zeroes.</summary>
    /// <exception cref="GodwitException">The file system does not take the size; it has the former one.</exception>
    public static void SetSize(SafeFileHandle file, string path, long sizeBytes)
    {
        try
        {
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

    public static void Delete(string path)
    {
        if (!File.Exists(path))
            return;
        File.Delete(path);
        StableStorage.SyncDirectory(Path.GetDirectoryName(path)!);
    }
}
