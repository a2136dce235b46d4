using Godwit.Native.Processes;

namespace Godwit.Machines.Tests.Pool;

/// <summary>The Debian package of the programs that <c>./build</c> leaves in <c>out/</c>, or of those in <c>GODWIT_PROGRAMS</c>.</summary>
internal static class PackageFile
{
    private static readonly string s_root = FindRoot();

    private static string Programs => Environment.GetEnvironmentVariable("GODWIT_PROGRAMS") ?? Path.Combine(s_root, "out");

    /// <summary>Makes it, in a directory of the caller's.</summary>
    public static async Task<string> MakeAsync(string directory, CancellationToken ct)
    {
        Assert.True(File.Exists(Path.Combine(Programs, "godwitd")), $"there is no godwitd in {Programs}: run ./build first");
        await ProgramRunner.RunAsync([Path.Combine(s_root, "packaging", "make-deb"), Programs, directory], null, ct);
        return Directory.GetFiles(directory, "godwit_*.deb").Single();
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Godwit.slnx"))) directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("The tests do not run inside the source tree.");
    }
}
