using Godwit.Storage.Images;
using Godwit.Storage.Images.Build;

namespace Godwit.Storage.Tests.Images;

/// <summary>Against what mmdebstrap 1.3.5 printed when it built an image (the lines that tell of progress).</summary>
public sealed class BuildProgressTests
{
    [Fact]
    public void TheShareNeverFallsAndComesNearTheEnd()
    {
        var heard = Replay();
        Assert.True(heard.Count > 300);
        Assert.All(heard.Zip(heard.Skip(1)), pair => Assert.True(pair.First.Share <= pair.Second.Share));
        Assert.InRange(heard[0].Share, 0, 0.05);
        Assert.InRange(heard[^1].Share, 0.95, 1);
    }

    [Fact]
    public void EachStageIsTold() => Assert.Equal(
        ["reading package lists", "downloading", "unpacking the base system", "installing the base system", "installing packages", "making the initial ramdisk", "clearing up"],
        Replay().Select(one => one.Step).Distinct());

    private static List<StepProgress> Replay()
    {
        var heard = new List<StepProgress>();
        var progress = new BuildProgress(new Ear(heard));
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Images", "Recorded", "mmdebstrap-verbose.txt")))
            progress.Take(line);
        return heard;
    }

    private sealed class Ear(List<StepProgress> heard) : IProgress<StepProgress>
    {
        public void Report(StepProgress value) => heard.Add(value);
    }
}
