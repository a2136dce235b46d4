using Godwit.Aoe.Wire;

namespace Godwit.Aoe.Tests.Target;

/// <summary>A question for the configuration that was filled up gets an answer of its length.</summary>
public sealed class PathLengthTests
{
    [Theory]
    [InlineData(60, 60)]
    [InlineData(1514, 1514)]
    [InlineData(9014, 9014)]
    public void The_answer_is_as_long_as_the_question(int length, int answered)
    {
        var bench = new TargetBench(new MemoryMedium(64));
        var answer = Assert.Single(bench.Send(Question(length, TargetBench.Address)));
        Assert.Equal(answered, answer.Length);
        Assert.Equal(MalformedFrame.No, ConfigSection.TryRead(answer, out var config));
        Assert.Equal(0, config.String.Length);
    }

    [Fact]
    public void Nothing_of_other_answers_is_in_what_it_was_filled_up_with()
    {
        var bench = new TargetBench(new MemoryMedium(64));
        Assert.True(bench.Ata(AtaCommand.WriteExt, 0, 8, Enumerable.Repeat((byte)0xA5, 4096).ToArray()).Good);
        Assert.True(bench.Ata(AtaCommand.ReadExt, 0, 8).Good);
        var answer = Assert.Single(bench.Send(Question(4000, TargetBench.Address)));
        Assert.All(answer[ConfigSection.StringAt..], b => Assert.Equal(0, b));
    }

    [Fact]
    public void It_is_no_longer_than_the_targets_own_interface_carries()
    {
        var bench = new TargetBench(new MemoryMedium(64)) { Mtu = 1500 };
        Assert.Equal(AoeProtocol.FrameBytes(1500), Assert.Single(bench.Send(Question(4000, TargetBench.Address))).Length);
    }

    /// <summary>One long frame to all would be answered by a long one from each.</summary>
    [Fact]
    public void A_question_to_all_is_answered_shortly()
    {
        var bench = new TargetBench(new MemoryMedium(64));
        Assert.InRange(Assert.Single(bench.Send(Question(4000, AoeAddress.Broadcast))).Length, ConfigSection.StringAt, 60);
    }

    private static byte[] Question(int length, AoeAddress address)
    {
        var frame = new byte[length];
        AoeHeader.Request(new(0x02_00_00_00_00_0A), TargetBench.HostA, address, AoeCommand.QueryConfig, 7).Write(frame);
        default(ConfigSection).Write(frame);
        return frame;
    }
}
