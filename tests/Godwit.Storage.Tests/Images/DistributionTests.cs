using Godwit.Storage.Images;

namespace Godwit.Storage.Tests.Images;

public sealed class DistributionTests
{
    [Theory]
    [InlineData("ID=debian\nVERSION_CODENAME=trixie", "trixie")]
    [InlineData("ID=ubuntu\nVERSION_CODENAME=noble", "bookworm")]
    [InlineData("ID=debian", "bookworm")]
    public void TheImageIsOfTheMachinesDebianOrOfDebian12(string osRelease, string codename) =>
        Assert.Equal(codename, Distribution.Parse(osRelease.Split('\n')).Codename);
}
