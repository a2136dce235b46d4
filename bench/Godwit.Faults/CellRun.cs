using Godwit.Api;

namespace Godwit.Faults;

/// <summary>One cell: a relocation to a step, the fault there, and then the pool is left to itself and looked at.</summary>
internal sealed class CellRun(FaultLab lab, WriterWatch writer)
{
    private static readonly TimeSpan ReachingTakes = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan SettlingTakes = TimeSpan.FromSeconds(120);

    /// <summary>A domain whose memory is gone starts cold within this time of its host's return.</summary>
    private static readonly TimeSpan ColdStartTakes = TimeSpan.FromSeconds(30);

    /// <summary>A guest boots, and says that it does, within this time; six may do so at once on two processors.</summary>
    private static readonly TimeSpan WriterTakes = TimeSpan.FromSeconds(90);

    public async Task<CellOutcome> RunAsync(Cell cell, CancellationToken ct)
    {
        try
        {
            return await TryAsync(cell, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            return CellOutcome.Failed(cell, GuestFailure.Find(lab) is { } said ? $"{e.Message}; {said}" : e.Message);
        }
    }

    private async Task<CellOutcome> TryAsync(Cell cell, CancellationToken ct)
    {
        var settling = new Settling(lab);
        var source = (await settling.WaitAsync(SettlingTakes, ct)).Host;
        var destination = FaultLab.Other(source);
        await writer.PassAsync(writer.Last, WriterTakes, ct);
        var breaks = writer.Breaks;

        var end = await StrikeAsync(cell, source, destination, ct);
        await end(ct);
        var settled = await settling.WaitAsync(SettlingTakes, ct);
        await writer.PassAsync(writer.Last, WriterTakes, ct);
        // The guest's end is heard of a little later than its successor's begin, or not at all.
        var cold = writer.Breaks > breaks;
        var problem = Judge(cell, settled, settled.Host == destination, cold)
            ?? writer.Lost
            ?? await DiskProof.FindFaultAsync(lab, writer.Last, ct)
            ?? await MoveAsync(settled.Host, ct);
        return new CellOutcome(cell, settled.Host == destination, cold, settled.RunningAfter, settled.SettledAfter, problem);
    }

    private async Task<Func<CancellationToken, Task>> StrikeAsync(Cell cell, string source, string destination, CancellationToken ct)
    {
        var place = Path.Combine(lab.Lab.Paths.Failpoints(cell.Step.OnSource ? source : destination), cell.Step.Point);
        await File.WriteAllTextAsync(place, "", ct);
        try
        {
            using var client = lab.Client(source);
            await client.MigrateAsync(FaultLab.Domain, new MigrateRequest { Destination = destination }, ct);
            await ReachAsync(place, ct);
            if (cell.Step.Later > TimeSpan.Zero)
            {
                File.Delete(place);
                await Task.Delay(cell.Step.Later, ct);
            }
            return await new Injection(lab, source, destination).StrikeAsync(cell.Fault, ct);
        }
        finally
        {
            File.Delete(place);
            File.Delete(place + ".reached");
        }
    }

    private static async Task ReachAsync(string place, CancellationToken ct)
    {
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!File.Exists(place + ".reached"))
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(began) > ReachingTakes)
                throw new TimeoutException($"the relocation did not reach {Path.GetFileName(place)}");
            await Task.Delay(5, ct);
        }
    }

    internal static string? Judge(Cell cell, Settling.Result settled, bool arrived, bool cold)
    {
        if (cell.MustArrive is { } must && must != arrived)
            return must ? "the relocation did not go forward" : "the domain is on the destination, which lost its copy";
        if (cold && !cell.TakesTheMemory)
            return "the guest started cold, though its memory was not lost";
        if (!cold && cell.MustStartCold(arrived))
            return "the guest did not start cold, though its memory was lost";
        return cold && settled.RunningAfter > ColdStartTakes
            ? $"the cold start took {settled.RunningAfter.TotalSeconds:0} s"
            : null;
    }

    /// <summary>The next migration works, at the first attempt.</summary>
    private async Task<string?> MoveAsync(string from, CancellationToken ct)
    {
        using var client = lab.Client(from);
        var begun = await client.MigrateAsync(FaultLab.Domain, new MigrateRequest { Destination = FaultLab.Other(from) }, ct);
        await foreach (var e in client.MigrationEventsAsync(begun.Id, ct))
        {
            if (e.Result is { } result)
                return result.Succeeded ? null : $"the next migration failed: {result.Message}";
        }
        return "the next migration's events ended without a result";
    }
}
