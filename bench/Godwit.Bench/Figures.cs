namespace Godwit.Bench;

/// <summary>What one move cost.</summary>
/// <param name="TotalMs">From the command, with no receiver started yet, to the guest running on the other side.</param>
/// <param name="DowntimeMs">From the guest's stop to its running again, by the engine's events or the tool's own word.</param>
/// <param name="PingGapMs">Longest silence of a ping every 10 ms, seen from a third host.</param>
/// <param name="Bytes">Bytes of the engine's stream.</param>
internal sealed record Move(double TotalMs, double DowntimeMs, double PingGapMs, long Bytes);

/// <summary>Medians of the moves of one way with one guest.</summary>
internal sealed record Medians(string Guest, string Way, int Runs, double TotalMs, double DowntimeMs, double PingGapMs, double Bytes)
{
    public static Medians Of(string guest, string way, IReadOnlyList<Move> moves) => new(
        guest, way, moves.Count,
        Median(moves.Select(move => move.TotalMs)), Median(moves.Select(move => move.DowntimeMs)),
        Median(moves.Select(move => move.PingGapMs)), Median(moves.Select(move => (double)move.Bytes)));

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
