using System.Text.RegularExpressions;

namespace Godwit.Architecture.Tests;

/// <summary>Relocation, Pool, Storage and Host never name an engine: what differs between engines stays in its driver.</summary>
public partial class NeutralityTests
{
    [Theory]
    [InlineData("Godwit.Relocation")]
    [InlineData("Godwit.Pool")]
    [InlineData("Godwit.Storage")]
    [InlineData("Godwit.Host")]
    public void CodeNamesNoEngine(string name)
    {
        var naming = Repository.Projects[name].Sources.SelectMany(file => SourceText
            .Code(File.ReadAllText(file))
            .Where(line => Engine().IsMatch(line))
            .Select(line => $"{Path.GetRelativePath(Repository.Root, file)}: {line.Trim()}"));
        Assert.Empty(naming);
    }

    [Theory]
    [InlineData("Godwit.Relocation")]
    [InlineData("Godwit.Host")]
    public void DriversAreNotReachedInto(string name)
    {
        string[] drivers = ["Godwit.Hypervisors.Qemu", "Godwit.Hypervisors.Xen", "Godwit.Hypervisors.Fake", "Godwit.Hypervisors.Network"];
        var reaching = Repository.Projects[name].Sources
            .Where(file => SourceText.Code(File.ReadAllText(file)).Any(line => drivers.Any(d => line.Contains(d, StringComparison.Ordinal))));
        Assert.Empty(reaching);
    }

    /// <summary>Bridges (<c>xenbr0</c>), volumes (<c>vg_xen</c>), devices (<c>xvda</c>) and commands to type are the article's names, not engines.</summary>
    [GeneratedRegex(@"(?i:qemu(?!-(img|utils)))|(?i:libvirt)|\bQmp|\bXen")]
    private static partial Regex Engine();

    [Theory]
    [InlineData("var x = new QemuCopy(); // fine", new[] { "var x = new QemuCopy(); " })]
    [InlineData("/// <summary>QEMU</summary>", new string[0])]
    [InlineData("a(\"http://x\");", new[] { "a(\"http://x\");" })]
    public void CommentsAreNotCode(string text, string[] code) => Assert.Equal(code, SourceText.Code(text));
}
