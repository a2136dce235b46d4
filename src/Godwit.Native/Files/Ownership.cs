using System.Globalization;
using System.Runtime.InteropServices;

namespace Godwit.Native.Files;

/// <summary>User and group of files, and who they are by name.</summary>
public static partial class Ownership
{
    /// <summary>Numbers of a user and of its first group, from passwd(5); null when there is no such user.</summary>
    public static (int User, int Group)? Find(string name)
    {
        foreach (var line in File.ReadLines("/etc/passwd"))
            if (line.Split(':') is [var user, _, var uid, var gid, ..] && user == name)
                return (int.Parse(uid, CultureInfo.InvariantCulture), int.Parse(gid, CultureInfo.InvariantCulture));
        return null;
    }

    /// <exception cref="NativeException">Not permitted, or no such file.</exception>
    public static void Give(string path, (int User, int Group) owner)
    {
        if (chown(path, owner.User, owner.Group) < 0) throw NativeException.Last($"chown '{path}'");
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chown(string path, int user, int group);
}
