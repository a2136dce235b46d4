using Godwit.Domains;
using Godwit.Hypervisors.Network;

namespace Godwit.Hypervisors.Tests.Network;

/// <summary>Which frames follow a guest; 100 is the time of its stop.</summary>
public sealed class FollowingFramesTests
{
    private static readonly MacAddress Mac = MacAddress.Parse("aa:cc:00:00:00:78");
    private static readonly MacAddress Sender = MacAddress.Parse("02:00:00:00:00:05");
    private static readonly DateTimeOffset Stop = DateTimeOffset.UnixEpoch.AddMilliseconds(100);

    [Theory]
    [InlineData("", "", "")]
    // The guest had all that came before the stop, and the engine takes one that comes afterwards.
    [InlineData("1@20 2@40", "", "")]
    [InlineData("1@70 2@90 a@95", "", "")]
    // Its processors took a while to stop, and nobody knows whether it had this one.
    [InlineData("1@70 a@75 2@90", "", "2")]
    [InlineData("1@70 2@90", "", "2")]
    [InlineData("1@70 2@90 b@95", "", "2")]
    [InlineData("1@80 2@100", "", "2")]
    [InlineData("1@80 2@101", "", "2")]
    [InlineData("1@80 2@101 3@110 4@120", "3 4", "2 3 4")]
    // The engine was held up before the stop: what came meanwhile waits, but for the one that it took when the guest stood.
    [InlineData("1@20 2@30 3@40 4@50", "3 4", "2 3 4")]
    [InlineData("1@20", "1", "1")]
    // More waits than was noted; and what goes to others, or to all, finds its way by itself.
    [InlineData("3@40 4@50", "1 2 3 4", "1 2 3 4")]
    [InlineData("4@50", "1 2 3 4", "1 2 3 4")]
    [InlineData("", "1 2 3 4", "1 2 3 4")]
    [InlineData("1@20 2@30 3@40", "x 3", "2 3")]
    // Between the look into the port and the one at the notes another came.
    [InlineData("1@101 2@110 3@120 4@130", "2 3", "1 2 3 4")]
    // The same frame twice is two.
    [InlineData("1@20 1@30 1@40", "1 1", "1 1 1")]
    public void Those_that_it_has_not_had(string noted, string waiting, string following) => Assert.Equal(
        following,
        string.Join(' ', FollowingFrames.Choose(
            Mac, [.. Words(noted).Select(ReadNoted)], [.. Words(waiting).Select(word => word == "x" ? Frame(MacAddress.Parse("ff:ff:ff:ff:ff:ff"), 9) : Frame(Mac, byte.Parse(word)))],
            Stop).Select(frame => frame[20])));

    [Fact]
    public void No_more_than_a_message_holds()
    {
        var many = Enumerable.Range(0, 600).Select(i => new byte[1500]).ToList();
        many.ForEach(frame => Mac.Write(frame));
        Assert.Equal((512 << 10) / 1500, FollowingFrames.Choose(Mac, [], many, Stop).Length);
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    // a: the guest's to whom sends it frames; b: to another.
    private static NotedFrame ReadNoted(string word)
    {
        var (what, at) = (word.Split('@')[0], DateTimeOffset.UnixEpoch.AddMilliseconds(int.Parse(word.Split('@')[1])));
        if (byte.TryParse(what, out var content)) return new NotedFrame(Frame(Mac, content), at);
        var own = Frame(what == "a" ? Sender : MacAddress.Parse("aa:cc:00:00:00:01"), 0);
        Mac.Write(own.AsSpan(6));
        return new NotedFrame(own, at);
    }

    private static byte[] Frame(MacAddress to, byte content)
    {
        var frame = new byte[60];
        to.Write(frame);
        Sender.Write(frame.AsSpan(6));
        frame[20] = content;
        return frame;
    }
}
