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
    private int _guestsLost;

    /// <summary>Cells that were run again because the emulator had broken the guest.</summary>
    public int GuestsLost => _guestsLost;

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
                    CellOutcome outcome;
                    try
                    {
                        outcome = await cells.RunAsync(cell, ct);
                    }
                    catch (GuestLoss e)
                    {
                        Interlocked.Increment(ref _guestsLost);
                        progress($"{cell}: run again, for {e.Message}");
                        _cells.Enqueue(cell);
                        break;
                    }
                    _outcomes.Add(outcome);
                    progress(string.Create(CultureInfo.InvariantCulture,
                        $"{_outcomes.Count}/{_total} {cell}: {outcome.Outcome}, {outcome.SettledAfter.TotalSeconds:0.0} s{(outcome.Problem is { } p ? ": " + p : "")}"));
                    if (outcome.Problem is null)
                        continue;
                    KeepLogs(lab, cell);
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

    private void KeepLogs(FaultLab lab, Cell cell)
    {
        if (logs is null)
            return;
        var directory = Path.Combine(logs, cell.ToString().Replace(' ', '-'));
        Directory.CreateDirectory(directory);
        foreach (var host in lab.Lab.Spec.Hosts)
        {
            var log = Path.Combine(lab.Lab.Paths.Host(host.Name, "log"), "godwitd.log");
            if (File.Exists(log)) File.Copy(log, Path.Combine(directory, host.Name + ".log"), overwrite: true);
            var engines = Path.Combine(lab.Lab.Paths.Host(host.Name, "run"), "qemu");
            if (!Directory.Exists(engines)) continue;
            foreach (var console in Directory.EnumerateFiles(engines, "console.log", SearchOption.AllDirectories))
                File.Copy(console, Path.Combine(directory, host.Name + ".console"), overwrite: true);
        }
    }
}
