using Godwit.Storage.Images.Build;

namespace Godwit.Storage.Tests.Images;

public sealed class PackageSourcesTests
{
    /// <summary><c>apt-get indextargets</c> of a machine with Debian's sources and two of others.</summary>
    private const string Targets =
        """
        http://mirror.example/debian/ bookworm main
        http://mirror.example/debian/ bookworm-updates main
        http://mirror.example/debian-security/ bookworm-security main
        https://cloud.example/apt/ tools-bookworm main
        https://other.example/node/ nodistro main

        """;

    [Fact]
    public void TheMirrorsOfTheHostServeTheReleaseThatIsBuilt() => Assert.Equal(
        [
            "deb http://mirror.example/debian/ trixie main",
            "deb http://mirror.example/debian/ trixie-updates main",
            "deb http://mirror.example/debian-security/ trixie-security main",
        ],
        PackageSources.Parse(Targets, "bookworm", "trixie"));

    [Theory]
    [InlineData("")]
    [InlineData("https://packages.example/apt/ bookworm-backports main\nnonsense\n")]
    public void WhereTheHostsDoNotTellTheUsualOnesAreTaken(string targets) => Assert.Empty(PackageSources.Parse(targets, "bookworm", "bookworm"));
}
