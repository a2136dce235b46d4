using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace Godwit.Architecture.Tests;

/// <summary>The projects of this repository, as their files say.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Names of the projects in <c>src</c>, with what they reference.</summary>
    public static IReadOnlyDictionary<string, Project> Projects { get; } = Directory
        .EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
        .Select(Project.Read)
        .ToDictionary(project => project.Name);

    private static string FindRoot([CallerFilePath] string here = "")
    {
        for (var directory = Path.GetDirectoryName(here); directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (File.Exists(Path.Combine(directory, "Godwit.slnx")))
                return directory;
        }
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (File.Exists(Path.Combine(directory, "Godwit.slnx")))
                return directory;
        }
        throw new DirectoryNotFoundException("There is no Godwit.slnx above this test.");
    }
}

internal sealed record Project(string Name, string Directory, XDocument File, IReadOnlySet<string> References)
{
    /// <summary>Its C# files, without what the build generates.</summary>
    public IEnumerable<string> Sources => System.IO.Directory
        .EnumerateFiles(Directory, "*.cs", SearchOption.AllDirectories)
        .Where(file => !Path.GetRelativePath(Directory, file).Split('/').Any(part => part is "obj" or "bin"));

    public string? Property(string name) => File.Descendants(name).LastOrDefault()?.Value;

    public static Project Read(string path)
    {
        var file = XDocument.Load(path);
        var references = file.Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value))
            .ToHashSet();
        return new Project(Path.GetFileNameWithoutExtension(path), Path.GetDirectoryName(path)!, file, references);
    }

    public override string ToString() => Name;
}
