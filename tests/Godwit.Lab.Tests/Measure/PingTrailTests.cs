using Godwit.Bench;

namespace Godwit.Lab.Tests.Measure;

/// <summary>Where a lost ping was seen last, told from what was seen on the links.</summary>
public sealed class PingTrailTests
{
    private const ushort Sequence = 7;

    /// <summary>Ping 1 was answered on the source, ping 9 on the destination; so both taps are known.</summary>
    private static readonly Sighting[] s_known =
    [
        new("a", "tap1", true, 1), new("a", "eth0", true, 1), new("p", "eth0", true, 1),
        new("b", "tap5", true, 9), new("b", "eth0", true, 9), new("p", "eth0", true, 9),
    ];

    [Theory]
    [InlineData("", "the request did not leave the pinger")]
    [InlineData("p:eth0>", "the request left the pinger, reached no host's cable")]
    [InlineData("p:eth0> a:eth0>", "the request left the pinger, passed the source's cable, reached no tap")]
    [InlineData("p:eth0> a:eth0> b:eth0>", "the request left the pinger, passed the source and the destination's cable, reached no tap")]
    [InlineData("p:eth0> a:eth0> a:tap1>", "the request left the pinger, reached the source's tap, never the destination's; no reply left")]
    [InlineData("p:eth0> b:eth0> b:tap5>", "the request left the pinger, reached the destination's tap, never the source's; no reply left")]
    // The tap of another guest, flooded into.
    [InlineData("p:eth0> a:eth0> a:tap2>", "the request left the pinger, passed the source's cable, reached no tap")]
    [InlineData("p:eth0> a:eth0> a:tap1> a:eth0> b:eth0> b:tap5>", "the request reached both taps, and no reply left either")]
    [InlineData("p:eth0> b:eth0> b:tap5> b:tap5<", "the reply left the destination's tap, passed no cable, was not seen at the pinger")]
    [InlineData("p:eth0> a:eth0> a:tap1> a:tap1< a:eth0<", "the reply left the source's tap, passed the source's cable, was not seen at the pinger")]
    [InlineData("p:eth0> a:eth0> a:tap1> a:tap1< a:eth0< p:eth0<", "the reply reached the pinger's cable, too late or not taken")]
    public void It_ends_where_it_was_seen_last(string seen, string where) =>
        Assert.Equal(where, new PingTrail("p", "a", "b", [.. s_known, .. Parse(seen)]).Follow(Sequence));

    [Fact]
    public void It_is_told_when_it_was_sent()
    {
        var move = new TimedMove(BeganAt: 1000, ResumedAt: 1600, ReturnedAt: 1700, DowntimeMs: 40, Bytes: 0);
        var ping = LostPing.Of(0x10007, 1573.5, move, new PingTrail("p", "a", "b", s_known));
        Assert.StartsWith("ping 1, sent 0.0 ms from STOP, -40.0 ms", LostPing.Of(1, 1559.98, move, new PingTrail("p", "a", "b", s_known)).ToString());
        Assert.Equal("ping 65543, sent +13.5 ms from STOP, -26.5 ms from RESUME: the request did not leave the pinger", ping.ToString());
    }

    [Fact]
    public void Every_lost_ping_of_all_moves_counts()
    {
        var lost = new LostPing(3, 1, -2, "here");
        Move[] moves = [.. Enumerable.Range(0, 5).Select(i => new Move(1, 1, 1, 1, 100, i == 4 ? [lost] : [], 1))];
        var report = Report.Of(new Dictionary<(string, string), IReadOnlyList<Move>> { [("idle", "godwit")] = moves });
        Assert.Contains(" 1/500 ", report.Text());
        Assert.Contains("idle   godwit  move 5: ping 3, sent +1.0 ms from STOP, -2.0 ms from RESUME: here", report.Text());
        Assert.Contains("\"where\": \"here\"", report.Json());
        Assert.False(report.Targets.Single().Met);
    }

    /// <summary><c>host:link&gt;</c> is a request, with <c>&lt;</c> a reply.</summary>
    private static IEnumerable<Sighting> Parse(string seen) =>
        seen.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => new Sighting(word.Split(':')[0], word.Split(':')[1][..^1], word[^1] == '<', Sequence));
}
