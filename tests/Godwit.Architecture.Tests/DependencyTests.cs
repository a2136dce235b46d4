namespace Godwit.Architecture.Tests;

/// <summary>The design's rules about which project knows which.</summary>
public class DependencyTests
{
    /// <summary>All that a project may reference.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Godwit.Domains"] = [],
        ["Godwit.Native"] = [],
        ["Godwit.Relocation"] = ["Godwit.Domains", "Godwit.Hypervisors"],
        ["Godwit.Pool"] = ["Godwit.Domains"],
        ["Godwit.Hypervisors"] = ["Godwit.Domains", "Godwit.Native"],
        ["Godwit.Storage"] = ["Godwit.Domains", "Godwit.Native", "Godwit.Aoe"],
        ["Godwit.Host"] = ["Godwit.Domains", "Godwit.Hypervisors", "Godwit.Storage", "Godwit.Relocation", "Godwit.Pool"],
        ["Godwit.Aoe"] = ["Godwit.Domains", "Godwit.Native"],
        ["Godwit.Api"] = ["Godwit.Domains"],
    };

    public static TheoryData<string> Bounded => [.. Allowed.Keys];

    public static TheoryData<string> All => [.. Repository.Projects.Keys];

    [Theory]
    [MemberData(nameof(Bounded))]
    public void AProjectReferencesNoMoreThanItMay(string name) =>
        Assert.Subset(Allowed[name].ToHashSet(), Repository.Projects[name].References.ToHashSet());

    [Fact]
    public void OnlyTheDaemonSeesHostAndImplementationsTogether()
    {
        var seesHost = Repository.Projects.Values.Where(p => p.References.Contains("Godwit.Host")).Select(p => p.Name);
        Assert.Equal(["Godwit.Daemon"], seesHost);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void OnlyNativeIsUnsafe(string name)
    {
        var project = Repository.Projects[name];
        Assert.Equal(name == "Godwit.Native", project.Property("AllowUnsafeBlocks") == "true");
    }

    [Theory]
    [MemberData(nameof(All))]
    public void OnlyNativeImportsFromTheSystem(string name)
    {
        if (name == "Godwit.Native")
            return;
        var importing = Repository.Projects[name].Sources.Where(file => SourceText
            .Code(File.ReadAllText(file))
            .Any(line => line.Contains("[LibraryImport", StringComparison.Ordinal) || line.Contains("[DllImport", StringComparison.Ordinal)));
        Assert.Empty(importing);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void ThereIsNoCycle(string name)
    {
        var reached = new HashSet<string>();
        var open = new Stack<string>(Repository.Projects[name].References);
        while (open.TryPop(out var next))
        {
            Assert.NotEqual(name, next);
            if (reached.Add(next))
            {
                foreach (var further in Repository.Projects[next].References)
                    open.Push(further);
            }
        }
    }

    [Theory]
    [InlineData("Godwit.Relocation")]
    [InlineData("Godwit.Pool")]
    [InlineData("Godwit.Host")]
    public void WhatIsSimulatedIsHeldToTheBannedSymbols(string name)
    {
        var project = Repository.Projects[name];
        Assert.Contains(project.File.Descendants("AdditionalFiles"), f =>
            f.Attribute("Include")!.Value.EndsWith("BannedSymbols.txt", StringComparison.Ordinal));
        Assert.Contains(project.File.Descendants("PackageReference"), p =>
            p.Attribute("Include")!.Value == "Microsoft.CodeAnalysis.BannedApiAnalyzers" && p.Attribute("PrivateAssets")?.Value == "all");
    }
}
