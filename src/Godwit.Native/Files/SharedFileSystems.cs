using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Files;

/// <summary>File systems that several hosts have at a time.</summary>
public static partial class SharedFileSystems
{
    // statfs(2), and the headers of Linux's fs/: struct statfs begins with the type.
    private static readonly Dictionary<uint, string> Names = new()
    {
        [0x6969] = "NFS",
        [0x00C36400] = "CephFS",
        [0xFF534D42] = "CIFS",
        [0xFE534D42] = "SMB",
        [0x01161970] = "GFS2",
        [0x7461636F] = "OCFS2",
        [0x0BD00BD0] = "Lustre",
    };

    /// <summary>What the file lies on; null where no other host has it, as far as can be told.</summary>
    public static unsafe string? NameOf(SafeFileHandle file)
    {
        var statfs = stackalloc long[32];
        return fstatfs(file, statfs) == 0 ? NameOf(statfs[0]) : null;
    }

    internal static string? NameOf(long type) => Names.GetValueOrDefault((uint)type);

    [LibraryImport("libc")]
    private static unsafe partial int fstatfs(SafeFileHandle fd, long* found);
}
