using Godwit.Daemon.Pki;
using Godwit.Daemon.Tests.Hosting;
using Godwit.Domains;

namespace Godwit.Daemon.Tests.Pki;

public sealed class TokenTests : IDisposable
{
    private readonly ShiftedTime _time = new();
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("gwt").FullName, "tokens.json");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    [Fact]
    public void A_token_is_good_once_also_after_a_restart()
    {
        var token = Draw();
        new TokenStore(_path, _time).Add(token);
        new TokenStore(_path, _time).Redeem(JoinToken.Parse(token.ToString()));
        Assert.Equal("bad-token", Assert.Throws<GodwitException>(() => new TokenStore(_path, _time).Redeem(token)).Code);
    }

    [Fact]
    public void A_token_is_good_for_an_hour()
    {
        var (early, late) = (Draw(), Draw());
        var store = new TokenStore(_path, _time);
        store.Add(early);
        store.Add(late);
        _time.Shift = TimeSpan.FromMinutes(59);
        store.Redeem(early);
        _time.Shift = TimeSpan.FromMinutes(61);
        Assert.Equal("token-expired", Assert.Throws<GodwitException>(() => store.Redeem(late)).Code);
    }

    [Fact]
    public void The_file_does_not_hold_what_would_let_a_host_in()
    {
        var token = Draw();
        new TokenStore(_path, _time).Add(token);
        var text = File.ReadAllText(_path);
        Assert.Contains(token.SecretHash, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexStringLower(token.Secret), text, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(token.Secret), text, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("gw1-")]
    [InlineData("gw1-AAAA")]
    [InlineData("hello")]
    public void What_is_no_token_is_refused(string text) =>
        Assert.Equal("bad-token", Assert.Throws<GodwitException>(() => JoinToken.Parse(text)).Code);

    [Fact]
    public void A_token_that_lost_characters_or_had_them_changed_is_refused()
    {
        var text = Draw().ToString();
        Assert.Throws<GodwitException>(() => JoinToken.Parse(text[..^1]));
        var changed = text[..^3] + (text[^3] == 'A' ? 'B' : 'A') + text[^2..];
        Assert.Equal("bad-token", Assert.Throws<GodwitException>(() => JoinToken.Parse(changed).OpenAuthorityKey()).Code);
    }

    private JoinToken Draw() => JoinToken.Draw(PoolAuthority.Create("p", _time).Certificate);
}
