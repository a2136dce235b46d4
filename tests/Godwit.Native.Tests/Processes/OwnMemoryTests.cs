using System.Globalization;
using System.Runtime.InteropServices;
using Godwit.Native.Processes;

namespace Godwit.Native.Tests.Processes;

public sealed class OwnMemoryTests
{
    /// <summary>As the kernel (6.1) tells of a program, shortened.</summary>
    private const string Smaps =
        """
        557dfe5a1000-557dfe5d4000 r--p 00000000 fe:00 1234                       /usr/bin/godwitd
        Rss:                 204 kB
        Anonymous:             0 kB
        VmFlags: rd mr mw me dw sd
        557dfe5d4000-557dff255000 r-xp 00033000 fe:00 1234                       /usr/bin/god witd
        Rss:                9784 kB
        Anonymous:             0 kB
        VmFlags: rd ex mr mw me dw sd
        557dffe77000-557dffe79000 r--p 018d5000 fe:00 1234                       /usr/bin/godwitd
        Rss:                   8 kB
        Anonymous:             8 kB
        557dffe79000-557dffee1000 rw-p 018d7000 fe:00 1234                       /usr/bin/godwitd
        Anonymous:             0 kB
        557dffee1000-557e0074f000 r--p 00000000 00:00 0
        Anonymous:             0 kB
        7f0000000000-7f0000001000 r--s 00000000 fe:00 99                         /var/lib/godwit/journal.db-shm
        Anonymous:             0 kB
        7ffe00000000-7ffe00001000 r-xp 00000000 00:00 0                          [vdso]
        Anonymous:             0 kB
        """;

    [Fact]
    public void Only_what_can_be_read_from_the_file_again_is_let_go() => Assert.Equal(
        [(0x557dfe5a1000UL, 0x557dfe5d4000UL), (0x557dfe5d4000UL, 0x557dff255000UL)], OwnMemory.FindCleanMappings(Smaps.Split('\n')));

    [Fact]
    public void Those_of_one_file_are_found() => Assert.Equal(
        [(0x557dfe5a1000UL, 0x557dfe5d4000UL)], OwnMemory.FindCleanMappings(Smaps.Split('\n'), "/usr/bin/godwitd"));

    [Fact]
    public void A_collection_is_followed_by_letting_go_of_the_program_unless_it_is_in_a_hurry()
    {
        var idle = false;
        foreach (var (start, _) in ProgramMappings())
            Marshal.ReadByte((nint)start);
        Assert.NotEqual(0, ResidentOfProgramKiB());
        OwnMemory.GiveBackAfterCollections(() => idle);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.NotEqual(0, ResidentOfProgramKiB());
        idle = true;
        GC.Collect();
        GC.WaitForPendingFinalizers();
        // What starts a .NET program is not needed while it runs.
        Assert.Equal(0, ResidentOfProgramKiB());
    }

    private static IReadOnlyList<(ulong Start, ulong End)> ProgramMappings() =>
        OwnMemory.FindCleanMappings(File.ReadLines("/proc/self/smaps"), Environment.ProcessPath);

    /// <summary>Of its mappings that only hold the file's own pages.</summary>
    private static int ResidentOfProgramKiB()
    {
        var clean = ProgramMappings().Select(mapping => $"{mapping.Start:x}-").ToList();
        var (total, counts) = (0, false);
        foreach (var line in File.ReadAllLines("/proc/self/smaps"))
        {
            if (char.IsAsciiHexDigitLower(line[0]))
                counts = clean.Any(line.StartsWith);
            else if (counts && line.StartsWith("Rss:", StringComparison.Ordinal))
                total += int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
        return total;
    }

    [Fact]
    public void A_process_that_has_let_go_goes_on()
    {
        var before = ResidentFileKiB();
        OwnMemory.GiveBack(collect: true);
        var after = ResidentFileKiB();
        Assert.InRange(after, 1, before - 1);
        // What is needed comes back.
        Assert.Equal("7 x", string.Format(CultureInfo.InvariantCulture, "{0} {1}", 7, "x"));
    }

    private static int ResidentFileKiB() => int.Parse(
        File.ReadLines("/proc/self/status").Single(line => line.StartsWith("RssFile:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        CultureInfo.InvariantCulture);
}
