using Godwit.Native.Processes;

namespace Godwit.Native.Tests;

public sealed class PasswordHashTests
{
    [Theory]
    [InlineData("secret")]
    [InlineData("it's a \"längeres\" one, with : and $")]
    public async Task OpensslMakesTheSameOfTheSameSalt(string password)
    {
        var hash = PasswordHash.Make(password);
        Assert.Matches(@"^\$6\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}$", hash);
        var theirs = await ProgramRunner.RunAsync(["openssl", "passwd", "-6", "-salt", hash.Split('$')[2], "-stdin"], password + "\n", TestContext.Current.CancellationToken);
        Assert.Equal(hash, theirs.Trim());
    }

    [Fact]
    public void NoTwoAreTheSame() => Assert.NotEqual(PasswordHash.Make("secret"), PasswordHash.Make("secret"));

    [Fact]
    public void APasswordThatWouldBeCutShortIsRefused() => Assert.Throws<NativeException>(() => PasswordHash.Make("secret\0more"));
}
