namespace Godwit.Bench;

/// <summary>What a way tells of one move. Times are milliseconds since 1970 by the machine's clock.</summary>
/// <param name="BeganAt">Just before the command is started; no receiver runs yet.</param>
/// <param name="ResumedAt">The guest runs on the other side: the engine's RESUME event there.</param>
/// <param name="ReturnedAt">The command has ended.</param>
/// <param name="DowntimeMs">From the engine's STOP event on the source to RESUME on the destination.</param>
/// <param name="Bytes">Bytes of the engine's stream.</param>
internal sealed record TimedMove(double BeganAt, double ResumedAt, double ReturnedAt, double DowntimeMs, long Bytes)
{
    public double StoppedAt => ResumedAt - DowntimeMs;
}

/// <summary>What one move cost.</summary>
/// <param name="TotalMs">From the command to the guest running on the other side.</param>
/// <param name="CommandMs">From the command to its end, source cleared away.</param>
/// <param name="PingGapMs">Longest silence of a ping every 10 ms, seen from a third host.</param>
/// <param name="PingsSent">From the command until a second after its end.</param>
/// <param name="LostPings">Those of them that had no reply.</param>
internal sealed record Move(
    double TotalMs, double CommandMs, double DowntimeMs, double PingGapMs, int PingsSent, IReadOnlyList<LostPing> LostPings, long Bytes);

/// <summary>Medians of the moves of one way with one guest; and the pings of all of them together, for which a median would hide one that was lost.</summary>
internal sealed record Medians(
    string Guest, string Way, int Runs, double TotalMs, double CommandMs, double DowntimeMs, double PingGapMs,
    int PingsSent, int PingsLost, double Bytes)
{
    public static Medians Of(string guest, string way, IReadOnlyList<Move> moves) => new(
        guest, way, moves.Count,
        Median(moves.Select(move => move.TotalMs)), Median(moves.Select(move => move.CommandMs)),
        Median(moves.Select(move => move.DowntimeMs)), Median(moves.Select(move => move.PingGapMs)),
        moves.Sum(move => move.PingsSent), moves.Sum(move => move.LostPings.Count), Median(moves.Select(move => (double)move.Bytes)));

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}

/// <summary>A ratio, or a number, that Godwit is to reach.</summary>
internal sealed record Target(string Guest, string What, double Ratio, double AtMost)
{
    public bool Met => Ratio <= AtMost;
}
