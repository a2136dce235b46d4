using Godwit.Hypervisors;

namespace Godwit.Host.Tests;

/// <summary>The table that stands above <see cref="RequestPolicy"/>, row by row.</summary>
public sealed class RequestPolicyTests
{
    private const string Columns = "running paused moving diskfailed ended busy saving";

    [Theory]
    [InlineData(DomainRequest.Shutdown, "go refused refused refused so refused refused")]
    [InlineData(DomainRequest.Reboot, "go refused refused refused refused refused refused")]
    [InlineData(DomainRequest.Destroy, "go go refused go go refused refused")]
    [InlineData(DomainRequest.Pause, "go so refused so refused refused refused")]
    [InlineData(DomainRequest.Unpause, "so go refused go refused refused refused")]
    [InlineData(DomainRequest.Relocate, "go go refused refused refused refused refused")]
    [InlineData(DomainRequest.Resize, "go refused refused refused refused refused refused")]
    [InlineData(DomainRequest.Save, "go go refused refused refused refused refused")]
    [InlineData(DomainRequest.OpenConsole, "go go go go go go go")]
    public void EveryRequestInEveryState(DomainRequest request, string row)
    {
        var answers = Columns.Split(' ').Select(column => Name(Judge(request, column)));
        Assert.Equal(row, string.Join(' ', answers));
    }

    [Fact]
    public void EveryRefusalHasWordsAndAWayOut()
    {
        foreach (var reason in Enum.GetValues<RefusalReason>())
        {
            var explained = RequestPolicy.Explain("vm1", DomainRequest.Shutdown, reason);
            Assert.Contains("vm1", explained.Message, StringComparison.Ordinal);
            Assert.NotNull(explained.Remedy);
        }
    }

    private static Verdict Judge(DomainRequest request, string column) => column switch
    {
        "running" => RequestPolicy.Judge(request, DomainActivity.Settled, CopyPhase.Running),
        "paused" => RequestPolicy.Judge(request, DomainActivity.Settled, CopyPhase.Paused),
        "moving" => RequestPolicy.Judge(request, DomainActivity.MovingAway, CopyPhase.Running),
        "diskfailed" => RequestPolicy.Judge(request, DomainActivity.Settled, CopyPhase.IoError),
        "saving" => RequestPolicy.Judge(request, DomainActivity.Saving, CopyPhase.Running),
        "ended" => RequestPolicy.Judge(request, DomainActivity.Settled, CopyPhase.ShutOff),
        _ => RequestPolicy.Judge(request, DomainActivity.Starting, CopyPhase.Running),
    };

    private static string Name(Verdict verdict) => verdict switch
    {
        Verdict.Go => "go",
        Verdict.AlreadySo => "so",
        _ => "refused",
    };
}
