using System.Collections.Concurrent;
using System.Globalization;

namespace Godwit.Faults;

/// <summary>
/// Runs cells in several labs side by side: a cell mostly waits. A lab in which one fell short is made anew, and what
/// its hosts have logged is kept.
/// </summary>
internal sealed class Matrix(string programs, int labs, Action<string> progress, string? logs = null, bool keep = false)
{
    private readonly ConcurrentQueue<Cell> _cells = new();
    private readonly ConcurrentBag<CellOutcome> _outcomes = [];
    private int _total;

    public async Task<IReadOnlyList<CellOutcome>> RunAsync(IReadOnlyList<Cell> cells, CancellationToken ct)
    {
        foreach (var cell in cells) _cells.Enqueue(cell);
        _total = cells.Count;
        var lines = Enumerable.Range(1, Math.Min(labs, cells.Count))
            .Select(number => RunLineAsync(string.Create(CultureInfo.InvariantCulture, $"gwfaults{number}"), ct));
        try
        {
            await Task.WhenAll(lines);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Interrupted: what has been run is reported.
        }
        return [.. _outcomes];
    }

    private async Task RunLineAsync(string name, CancellationToken ct)
    {
        var kept = false;
        try
        {
            while (!kept && !_cells.IsEmpty)
            {
                var lab = await FaultLab.UpAsync(name, programs, ct);
                await using var writer = new WriterWatch(lab);
                var cells = new CellRun(lab, writer);
                while (_cells.TryDequeue(out var cell))
                {
                    var outcome = await cells.RunAsync(cell, ct);
                    _outcomes.Add(outcome);
                    progress(string.Create(CultureInfo.InvariantCulture,
                        $"{_outcomes.Count}/{_total} {cell}: {outcome.Outcome}, {outcome.SettledAfter.TotalSeconds:0.0} s{(outcome.Problem is { } p ? ": " + p : "")}"));
                    if (outcome.Problem is null)
                        continue;
                    await KeepAsync(lab, cell, ct);
                    kept = keep;
                    break;
                }
            }
        }
        finally
        {
            if (!kept) await Lab.Lab.DownAsync(name, CancellationToken.None);
        }
    }

    private Task KeepAsync(FaultLab lab, Cell cell, CancellationToken ct) =>
        logs is null ? Task.CompletedTask : Evidence.KeepAsync(lab, Path.Combine(logs, cell.ToString().Replace(' ', '-')), ct);
}
