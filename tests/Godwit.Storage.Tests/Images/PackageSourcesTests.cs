using Godwit.Storage.Images.Build;

namespace Godwit.Storage.Tests.Images;

public sealed class PackageSourcesTests
{
    /// <summary><c>apt-get indextargets</c> of a machine with Debian's sources and two of others.</summary>
    private const string Targets =
        """
        http://deb.debian.org/debian/ bookworm main
        http://deb.debian.org/debian/ bookworm-updates main
        http://deb.debian.org/debian-security/ bookworm-security main
        https://packages.cloud.google.com/apt/ cloud-sdk-bookworm main
        https://deb.nodesource.com/node_20.x/ nodistro main

        """;

    [Fact]
    public void TheMirrorsOfTheHostServeTheReleaseThatIsBuilt() => Assert.Equal(
        [
            "deb http://deb.debian.org/debian/ trixie main",
            "deb http://deb.debian.org/debian/ trixie-updates main",
            "deb http://deb.debian.org/debian-security/ trixie-security main",
        ],
        PackageSources.Parse(Targets, "bookworm", "trixie"));

    [Theory]
    [InlineData("")]
    [InlineData("https://packages.example/apt/ bookworm-backports main\nnonsense\n")]
    public void WhereTheHostsDoNotTellTheUsualOnesAreTaken(string targets) => Assert.Empty(PackageSources.Parse(targets, "bookworm", "bookworm"));
}
