using Godwit.Domains;
using Godwit.Storage.Images.Build;

namespace Godwit.Storage.Tests.Images;

public sealed class ImageRecipeTests
{
    [Fact]
    public void WhatIsAskedForIsTaken()
    {
        var recipe = ImageRecipe.Parse("trixie", ["vim", "nginx", "vim", "g++"], 4L << 30);
        Assert.Equal(("trixie", 4L << 30), (recipe.Suite, recipe.SizeBytes));
        Assert.Equal(["vim", "nginx", "g++"], recipe.Packages);
        Assert.Equal(2L << 30, ImageRecipe.Parse("bookworm", [], null).SizeBytes);
    }

    [Theory]
    [InlineData("bookwrom", "Did you mean bookworm?")]
    [InlineData("jammy", "Take one of bookworm, trixie.")]
    [InlineData("../etc", "Take one of bookworm, trixie.")]
    public void AnUnknownSuiteIsRefused(string suite, string remedy)
    {
        var refused = Assert.Throws<GodwitException>(() => ImageRecipe.Parse(suite, [], null));
        Assert.Equal(("no-such-suite", remedy), (refused.Code, refused.Remedy));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-o=Dir::Etc=/tmp")]
    [InlineData("nginx vim")]
    [InlineData("nginx,vim")]
    [InlineData("Nginx")]
    [InlineData("nginx\nvim")]
    public void WhatIsNoNameOfAPackageIsRefused(string package) =>
        Assert.Equal("bad-package-name", Assert.Throws<GodwitException>(() => ImageRecipe.Parse("bookworm", ["vim", package], null)).Code);

    [Fact]
    public void ManyPackagesAreRefused() =>
        Assert.Equal("bad-package-name", Assert.Throws<GodwitException>(() => ImageRecipe.Parse("bookworm", [.. Enumerable.Range(0, 300).Select(i => $"lib{i}")], null)).Code);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1L << 20)]
    [InlineData((2L << 30) + 512)]
    [InlineData(3L << 40)]
    public void ASizeThatNoDiskOfAnImageHasIsRefused(long bytes) =>
        Assert.Equal("bad-image-size", Assert.Throws<GodwitException>(() => ImageRecipe.Parse("bookworm", [], bytes)).Code);
}
