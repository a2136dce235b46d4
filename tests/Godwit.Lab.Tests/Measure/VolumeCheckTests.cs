using Godwit.Lab.Measure;

namespace Godwit.Lab.Tests.Measure;

public sealed class VolumeCheckTests
{
    [Theory]
    [InlineData("1 5.1\n2 5.2\n3 5.3\n", 0)]
    [InlineData("1 5.1\n2 5.2\n3 5.3\n4 5.4\n", 0)] // written, not yet reported
    [InlineData("1 5.1\n3 5.3\n", 1)]
    [InlineData("", 3)]
    [InlineData("1 5.1\n2 5.2\n3 5.3", 1)] // torn
    [InlineData("1 5.1\n2 \0\0\0\n3 5.3\n", 1)] // zeros where a block never arrived
    [InlineData("1 5.1\n2\n3 5.3\n", 1)]
    public void ALineThatWasReportedAndIsNotThereIsLost(string log, long lost) =>
        Assert.Equal(lost, VolumeCheck.CountLost(log, new WriterFigures(1, 3, 3, true, 0)));

    [Fact]
    public void LinesOfAnEarlierConnectionDoNotCount() =>
        Assert.Equal(0, VolumeCheck.CountLost("7 1.0\n8 1.0\n", new WriterFigures(7, 8, 2, true, 0)));

    [Fact]
    public void WhereNothingWasReportedNothingIsLost() =>
        Assert.Equal(0, VolumeCheck.CountLost("", new WriterFigures(0, 0, 0, true, 0)));
}
