namespace Godwit.Relocation.Tests;

public class RelocationTicketTests
{
    private readonly RelocationTicket _ticket = new(new Guid("6f0d1f0e-4a3a-4c43-9d8e-000000000003"), "vm1", "a", "b", new SetTime());

    [Fact]
    public async Task WhoComesLateSeesAllOfIt()
    {
        _ticket.Report(new RelocationProgress(Samples.Noon, RelocationStep.Begin));
        _ticket.Report(new RelocationProgress(Samples.Noon, RelocationStep.Prepare));
        End();
        Assert.Equal([RelocationStep.Begin, RelocationStep.Prepare, RelocationStep.Confirm], await StepsAsync());
    }

    [Fact]
    public async Task WhoWatchesSeesItComeAndEnd()
    {
        var steps = StepsAsync();
        _ticket.Report(new RelocationProgress(Samples.Noon, RelocationStep.Begin));
        End();
        Assert.Equal([RelocationStep.Begin, RelocationStep.Confirm], await steps);
        Assert.True((await _ticket.Ended).Succeeded);
    }

    [Fact]
    public async Task OnlyTheLastEventsAreKept()
    {
        for (var i = 0; i < 5000; i++)
            _ticket.Report(new RelocationProgress(Samples.Noon, RelocationStep.PreCopy) { Round = i });
        End();
        Assert.Equal(4096, (await StepsAsync()).Count);
    }

    [Fact]
    public void ACancelIsHeardWheneverItCame()
    {
        var (before, after) = (0, 0);
        _ticket.Cancel();
        _ticket.OnCancel(() => before++);
        Assert.Equal(1, before);

        var later = new RelocationTicket(default, "vm1", "a", "b", new SetTime());
        later.OnCancel(() => after++);
        Assert.Equal(0, after);
        later.Cancel();
        Assert.Equal(1, after);
    }

    [Fact]
    public void ACancelAfterHandoverComesTooLate()
    {
        var heard = 0;
        _ticket.OnCancel(() => heard++);
        _ticket.Report(new RelocationProgress(Samples.Noon, RelocationStep.Stop));
        Assert.True(_ticket.Cancel());
        _ticket.Report(new RelocationProgress(Samples.Noon, RelocationStep.HandOver));
        Assert.False(_ticket.Cancel());
        End();
        Assert.False(_ticket.Cancel());
        Assert.Equal(1, heard);
    }

    private void End() => _ticket.End(
        new RelocationProgress(Samples.Noon, RelocationStep.Confirm),
        new RelocationResult { Ending = RelocationEnding.Completed, Fate = DomainFate.OnDestination, Message = "vm1 runs on b" });

    private async Task<List<RelocationStep>> StepsAsync()
    {
        var steps = new List<RelocationStep>();
        await foreach (var progress in _ticket.WatchAsync(TestContext.Current.CancellationToken))
            steps.Add(progress.Step);
        return steps;
    }
}
