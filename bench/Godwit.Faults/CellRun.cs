using Godwit.Api;

namespace Godwit.Faults;

/// <summary>One cell: a relocation to a step, the fault there, and then the pool is left to itself and looked at.</summary>
internal sealed class CellRun(FaultLab lab, WriterWatch writer)
{
    private static readonly TimeSpan ReachingTakes = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SettlingTakes = TimeSpan.FromSeconds(120);

    /// <summary>A domain whose memory is gone starts cold within this time of its host's return.</summary>
    private static readonly TimeSpan ColdStartTakes = TimeSpan.FromSeconds(90);

    /// <summary>A guest boots, and says that it does, within this time; six may do so at once on two processors.</summary>
    private static readonly TimeSpan WriterTakes = TimeSpan.FromSeconds(90);

    /// <summary>
    /// Hosts that share two processors may be too slow to answer just before the stop, and a move is refused then, as it should be; it is a
    /// fault if that goes on.
    /// </summary>
    private const int MoveAttempts = 3;

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

        var end = await StrikeAsync(cell, settling, source, destination, ct);
        await end(ct);
        var settled = await settling.WaitAsync(SettlingTakes, ct);
        await writer.PassAsync(writer.Last, WriterTakes, ct);
        // The guest's end is heard of a little later than its successor's begin, or not at all.
        var cold = writer.Breaks > breaks;
        var problem = Judge(cell, settled, settled.Host == destination, cold)
            ?? writer.Lost
            ?? await DiskProof.FindFaultAsync(lab, writer.Last, ct)
            ?? await MoveAsync(settling, settled.Host, ct);
        return new CellOutcome(cell, settled.Host == destination, cold, settled.RunningAfter, settled.SettledAfter, problem);
    }

    private async Task<Func<CancellationToken, Task>> StrikeAsync(Cell cell, Settling settling, string source, string destination, CancellationToken ct)
    {
        var place = Path.Combine(lab.Lab.Paths.Failpoints(cell.Step.OnSource ? source : destination), cell.Step.Point);
        await File.WriteAllTextAsync(place, "", ct);
        try
        {
            for (var attempt = 1; !await ReachAsync(source, destination, place, ct); attempt++)
            {
                if (attempt == MoveAttempts)
                    throw new InvalidOperationException($"{MoveAttempts} relocations ended before {cell.Step.Point}, for want of an answer just before the stop");
                await settling.WaitAsync(SettlingTakes, ct);
            }
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

    /// <summary>Begins a relocation; false when it ended before the place because nobody answered in time.</summary>
    private async Task<bool> ReachAsync(string source, string destination, string place, CancellationToken ct)
    {
        using var client = lab.Client(source);
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var move = await client.MigrateAsync(FaultLab.Domain, new MigrateRequest { Destination = destination }, ct);
        var end = EndAsync(client, move.Id, watching.Token);
        try
        {
            var began = System.Diagnostics.Stopwatch.GetTimestamp();
            while (!File.Exists(place + ".reached"))
            {
                if (end.IsCompletedSuccessfully && NobodyAnswered(await end))
                    return false;
                if (System.Diagnostics.Stopwatch.GetElapsedTime(began) > ReachingTakes)
                    throw new TimeoutException($"the relocation did not reach {Path.GetFileName(place)}");
                await Task.Delay(5, ct);
            }
            return true;
        }
        finally
        {
            await watching.CancelAsync();
            await ((Task)end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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

    /// <summary>The next migration works; at the first attempt, but where nobody answered in time.</summary>
    private async Task<string?> MoveAsync(Settling settling, string from, CancellationToken ct)
    {
        using var client = lab.Client(from);
        for (var attempt = 1; ; attempt++)
        {
            var begun = await client.MigrateAsync(FaultLab.Domain, new MigrateRequest { Destination = FaultLab.Other(from) }, ct);
            var result = await EndAsync(client, begun.Id, ct);
            if (result is { Succeeded: true })
                return null;
            if (attempt == MoveAttempts || !NobodyAnswered(result))
                return result is null ? "the next migration's events ended without a result" : $"the next migration failed: {result.Message}";
            await settling.WaitAsync(SettlingTakes, ct);
        }
    }

    private static bool NobodyAnswered(MigrationResult? result) => result?.Ending == "probe-failed";

    private static async Task<MigrationResult?> EndAsync(GodwitClient client, Guid id, CancellationToken ct)
    {
        await foreach (var e in client.MigrationEventsAsync(id, ct))
        {
            if (e.Result is { } result)
                return result;
        }
        return null;
    }
}
