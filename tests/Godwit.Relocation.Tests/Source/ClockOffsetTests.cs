using Godwit.Hypervisors;
using Godwit.Relocation.Protocol;
using Godwit.Relocation.Source;

namespace Godwit.Relocation.Tests.Source;

public class ClockOffsetTests
{
    [Fact]
    public void TheShortestRoundTripGivesTheOffset()
    {
        var time = new SetTime();
        var clock = new ClockOffset(new SteadyClock(time));
        var ahead = TimeSpan.FromSeconds(3);

        foreach (var (there, back) in new[] { (40, 2), (1, 1), (3, 90) })
        {
            var question = clock.Ask();
            var answered = time.Now.AddMilliseconds(there) + ahead;
            time.Now = time.Now.AddMilliseconds(there + back);
            Assert.True(clock.Take(new RelocationMessage.ClockAnswer(question.Number, answered)));
        }

        Assert.Equal(ahead, clock.Value);
        Assert.Equal(Samples.Noon, clock.ToSource(Samples.Noon + ahead));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void ClocksAnHourApartGiveTheSameDowntime(int hours)
    {
        var time = new SetTime();
        var clock = new ClockOffset(new SteadyClock(time));
        var question = clock.Ask();
        time.Now = time.Now.AddMilliseconds(1);
        clock.Take(new RelocationMessage.ClockAnswer(question.Number, time.Now.AddMilliseconds(-0.5).AddHours(hours)));

        var stopped = time.Now;
        var resumedThere = stopped.AddMilliseconds(12.5).AddHours(hours);
        Assert.Equal(TimeSpan.FromMilliseconds(12.5), clock.ToSource(resumedThere) - stopped);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void ASettingOfTheClockIsNeitherARoundTripNorAnOffset(int hours)
    {
        var time = new SetTime();
        var clock = new ClockOffset(new SteadyClock(time));
        var first = clock.Ask();
        time.Step(TimeSpan.FromHours(hours));
        time.Now = time.Now.AddMilliseconds(10);
        clock.Take(new RelocationMessage.ClockAnswer(first.Number, time.Now - time.Stepped));

        var second = clock.Ask();
        time.Now = time.Now.AddMilliseconds(2);
        clock.Take(new RelocationMessage.ClockAnswer(second.Number, time.Now.AddMilliseconds(-1) - time.Stepped));
        Assert.Equal(TimeSpan.Zero, clock.Value);
    }

    [Fact]
    public void AnAnswerToAnotherQuestionIsNotTaken()
    {
        var clock = new ClockOffset(new SteadyClock(new SetTime()));
        var question = clock.Ask();
        Assert.False(clock.Take(new RelocationMessage.ClockAnswer(question.Number + 1, Samples.Noon.AddHours(1))));
        Assert.Equal(TimeSpan.Zero, clock.Value);
    }

    [Fact]
    public void ItEndsAfterEightQuestions()
    {
        var clock = new ClockOffset(new SteadyClock(new SetTime()));
        var asked = 1;
        while (clock.Take(new RelocationMessage.ClockAnswer(clock.Ask().Number, Samples.Noon)))
            asked++;
        Assert.Equal(8, asked);
    }

    [Theory]
    [InlineData(100, 1000, 500, 0.2)]
    [InlineData(0, 1000, 500, 0.0)]
    public void TheRestIsAGeometricSeries(long remaining, long rate, long dirty, double seconds) => Assert.Equal(
        TimeSpan.FromSeconds(seconds), SendWatch.Expect(new SendProgress(2, 0, remaining, 1000, dirty, rate, 0)));

    [Theory]
    [InlineData(500, 500)]
    [InlineData(500, 900)]
    [InlineData(0, 0)]
    public void AGuestFasterThanTheLineHasNoEnd(long rate, long dirty) =>
        Assert.Null(SendWatch.Expect(new SendProgress(2, 0, 100, 1000, dirty, rate, 0)));
}
