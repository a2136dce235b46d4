namespace Godwit.Xen.Tests.Machines;

/// <summary>Where the scripts and the built programs of this source tree are.</summary>
internal static class SourceTree
{
    public static string Root { get; } = Find();

    /// <summary>What <c>./build</c> leaves, or the directory in <c>GODWIT_PROGRAMS</c>.</summary>
    public static string Programs => Environment.GetEnvironmentVariable("GODWIT_PROGRAMS") ?? Path.Combine(Root, "out");

    private static string Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Godwit.slnx"))) directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("The tests do not run inside the source tree.");
    }
}
