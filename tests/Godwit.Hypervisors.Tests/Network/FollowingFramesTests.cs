using Godwit.Domains;
using Godwit.Hypervisors.Network;

namespace Godwit.Hypervisors.Tests.Network;

/// <summary>Which frames follow a guest; 1000 is the time of its stop.</summary>
public sealed class FollowingFramesTests
{
    private static readonly MacAddress Mac = MacAddress.Parse("aa:cc:00:00:00:78");
    private static readonly MacAddress Sender = MacAddress.Parse("02:00:00:00:00:05");
    private static readonly DateTimeOffset Stop = DateTimeOffset.UnixEpoch.AddMilliseconds(1000);

    [Theory]
    [InlineData("", "", "")]
    // The guest had all that was answered, and all that came long before the stop; the engine takes one that comes afterwards.
    [InlineData("1@200 2@400", "", "")]
    [InlineData("1@970 2@990 a@995", "", "")]
    [InlineData("1@970 2@1001 a@995", "", "2")]
    // Its processors took a while to stop, and nobody knows whether it had these.
    [InlineData("1@970 a@975 2@990", "", "2")]
    [InlineData("0@960 1@970 2@990", "", "1 2")]
    [InlineData("1@970 2@990 b@995", "", "1 2")]
    [InlineData("1@980 2@1001 3@1010 4@1020", "3 4", "1 2 3 4")]
    [InlineData("1@980 a@985 2@1001 3@1010 4@1020", "3 4", "2 3 4")]
    // The engine was held up before the stop: what came meanwhile waits, but for what it took while the guest stopped and stood.
    [InlineData("0@910 1@920 2@930 3@940 4@950", "3 4", "1 2 3 4")]
    [InlineData("1@300 2@330 3@340 4@350", "3 4", "2 3 4")]
    [InlineData("1@920", "1", "1")]
    // More waits than was noted; and what goes to others, or to all, finds its way by itself.
    [InlineData("3@940 4@950", "1 2 3 4", "1 2 3 4")]
    [InlineData("4@950", "1 2 3 4", "1 2 3 4")]
    [InlineData("", "1 2 3 4", "1 2 3 4")]
    [InlineData("1@400 2@930 3@940", "x 3", "2 3")]
    // One that looks otherwise in the notes.
    [InlineData("1@400 2@930 8@940", "9", "2 9")]
    // Between the look into the port and the one at the notes another came.
    [InlineData("1@1001 2@1010 3@1020 4@1030", "2 3", "1 2 3 4")]
    // The same frame twice is two.
    [InlineData("1@420 1@430 1@440", "1 1", "1 1 1")]
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
