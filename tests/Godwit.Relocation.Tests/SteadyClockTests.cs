namespace Godwit.Relocation.Tests;

public class SteadyClockTests
{
    private readonly SetTime _time = new();
    private readonly SteadyClock _clock;

    public SteadyClockTests() => _clock = new SteadyClock(_time);

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void ItGoesOnWhateverTheClockIsSetTo(int hours)
    {
        Pass(5);
        _time.Step(TimeSpan.FromHours(hours));
        Pass(7);
        Assert.Equal(Samples.Noon.AddSeconds(12), _clock.Now);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void AnEnginesStampIsBroughtToItByTheClockThatTheEngineRead(int hours)
    {
        Pass(5);
        var before = _time.Now;
        Pass(60);
        Assert.Equal(Samples.Noon.AddSeconds(5), _clock.Of(before));
        _time.Step(TimeSpan.FromHours(hours));
        Assert.Equal(Samples.Noon.AddSeconds(5), _clock.Of(before));
        var after = _time.Now;
        Pass(1);
        Assert.Equal(Samples.Noon.AddSeconds(65), _clock.Of(after));
    }

    [Fact]
    public void AStampOfNoClockIsOfTheMomentInWhichItIsHeard()
    {
        Pass(5);
        Assert.Equal(_clock.Now, _clock.Of(Samples.Noon.AddHours(-2)));
        Assert.Equal(_clock.Now, _clock.Of(Samples.Noon.AddHours(2)));
    }

    private void Pass(double seconds) => _time.Now = _time.Now.AddSeconds(seconds);
}
