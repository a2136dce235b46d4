using Godwit.Native.Files;

namespace Godwit.Native.Tests.Files;

public sealed class SharedFileSystemsTests
{
    [Fact]
    public void A_file_of_this_host_is_on_none()
    {
        using var file = File.OpenHandle(typeof(SharedFileSystemsTests).Assembly.Location);
        Assert.Null(SharedFileSystems.NameOf(file));
    }

    /// <summary>By what statfs(2) of Linux gives for them.</summary>
    [Theory]
    [InlineData(0x6969, "NFS")]
    [InlineData(0x00C36400, "CephFS")]
    [InlineData(0xFF534D42L, "CIFS")]
    [InlineData(unchecked((int)0xFE534D42), "SMB")]
    [InlineData(0xEF53, null)]
    public void They_are_known_by_their_numbers(long type, string? name) => Assert.Equal(name, SharedFileSystems.NameOf(type));
}
