namespace Godwit.Lab.Tests.EndToEnd;

/// <summary>The programs as they ship, which <c>./build</c> leaves in <c>out/</c>.</summary>
internal static class Programs
{
    public static string Directory { get; } =
        Environment.GetEnvironmentVariable("GODWIT_PROGRAMS") ?? Path.Combine(Root(), "out");

    public static void Demand()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a lab needs root");
        Assert.True(File.Exists(Path.Combine(Directory, "godwitd")), $"there is no godwitd in {Directory}: run ./build first");
    }

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Godwit.slnx")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("The tests do not run inside the source tree.");
    }
}
