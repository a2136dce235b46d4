namespace Godwit.Native.Files;

/// <summary>Directories that are this process's user's alone: what is in them decides over disks and guests.</summary>
public static class PrivateDirectory
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Others reach what is theirs in it by its name, and see nothing else of it.</summary>
    private const UnixFileMode Passable = Owner | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Makes the directory, or closes one that was open.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="passable">Whether another user has files or sockets of its own in it.</param>
    public static void Ensure(string path, bool passable = false)
    {
        var mode = passable ? Passable : Owner;
        Directory.CreateDirectory(path, mode);
        // The umask may have taken some of it, and an earlier version may have made it otherwise.
        if (File.GetUnixFileMode(path) != mode)
            File.SetUnixFileMode(path, mode);
    }
}
