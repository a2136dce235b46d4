using System.Runtime.CompilerServices;
using Godwit.Native.Processes;

[assembly: AssemblyFixture(typeof(Godwit.Package.Tests.BuiltPackage))]

namespace Godwit.Package.Tests;

/// <summary>The package, made twice of the programs that GODWIT_PROGRAMS names, and unpacked once.</summary>
public sealed class BuiltPackage : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("gwp").FullName;

    public string Path { get; private set; } = "";

    /// <summary>Made of the same programs.</summary>
    public string Again { get; private set; } = "";

    /// <summary>What it installs, below this directory.</summary>
    public string Root => System.IO.Path.Combine(_directory, "root");

    /// <summary>Its control file and maintainer scripts.</summary>
    public string Control => System.IO.Path.Combine(_directory, "control");

    public static string Repository([CallerFilePath] string here = "") =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(here)!, "..", ".."));

    public async ValueTask InitializeAsync()
    {
        var programs = Environment.GetEnvironmentVariable("GODWIT_PROGRAMS") ?? System.IO.Path.Combine(Repository(), "out");
        Path = await MakeAsync(programs, "first");
        Again = await MakeAsync(programs, "second");
        await ProgramRunner.RunAsync(["dpkg-deb", "--raw-extract", Path, Root]);
        Directory.Move(System.IO.Path.Combine(Root, "DEBIAN"), Control);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    public string At(string path) => System.IO.Path.Combine(Root, path);

    private async Task<string> MakeAsync(string programs, string name)
    {
        var into = Directory.CreateDirectory(System.IO.Path.Combine(_directory, name)).FullName;
        return (await ProgramRunner.RunAsync([System.IO.Path.Combine(Repository(), "packaging", "make-deb"), programs, into, "-Zgzip -z1"])).Trim();
    }
}
