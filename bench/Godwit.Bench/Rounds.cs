using System.Globalization;
using System.Net;
using Godwit.Bench.Ways;
using Godwit.Lab.Measure;

namespace Godwit.Bench;

/// <summary>
/// The order of the moves: in each round every way goes there and back, so that a change of the machine's mood falls on
/// all of them. Only the guest that moves runs; the others are paused. The first round is not measured: it fills
/// everybody's caches.
/// </summary>
internal sealed class Rounds(BenchLab bench, IReadOnlyList<IWay> ways)
{
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);
    private readonly Dictionary<string, List<Move>> _moves = ways.ToDictionary(way => way.Guest.Name, _ => new List<Move>());

    /// <param name="runs">Moves of each way at least; an odd number gives one more, to end where it began.</param>
    public async Task<IReadOnlyDictionary<string, List<Move>>> RunAsync(int runs, CancellationToken ct)
    {
        foreach (var way in ways)
        {
            Console.WriteLine($"{bench.Load} guest of {way.Guest.Name} starts");
            await way.StartAsync(ct);
            await bench.WaitForGuestAsync(way.Guest, ct);
            // It answers before it has done with booting.
            await Task.Delay(TimeSpan.FromSeconds(5), ct);
            await way.PauseAsync(BenchLab.First, ct);
        }
        for (var round = 0; round <= (runs + 1) / 2; round++)
        {
            foreach (var way in ways)
            {
                await way.UnpauseAsync(BenchLab.First, ct);
                await bench.WaitForGuestAsync(way.Guest, ct);
                await MoveAsync(way, BenchLab.First, BenchLab.Second, measured: round > 0, ct);
                await MoveAsync(way, BenchLab.Second, BenchLab.First, measured: round > 0, ct);
                await way.PauseAsync(BenchLab.First, ct);
            }
        }
        foreach (var way in ways) await way.StopAsync(ct);
        return _moves;
    }

    private async Task MoveAsync(IWay way, string from, string to, bool measured, CancellationToken ct)
    {
        using var pinger = Pinger.Start(bench.Lab.Paths.Namespace(BenchLab.Storage), IPAddress.Parse(way.Guest.Address));
        using var recorder = FrameRecorder.Start(bench.Lab.Paths, [BenchLab.Storage, from, to], pinger.Identifier);
        await Task.Delay(Settling, ct);
        var began = PingLog.Now;
        var timed = await way.MoveAsync(from, to, ct);
        await Task.Delay(Settling, ct);
        var ended = PingLog.Now;
        await pinger.StopAsync(ct);
        var trail = new PingTrail(BenchLab.Storage, from, to, recorder.Stop());
        var pings = pinger.Log.Window(began, ended);
        LostPing[] lost = [.. pinger.Log.Lost(began, ended).Select(ping => LostPing.Of(ping.Number, ping.SentAt / 1e6, timed, trail))];
        var move = new Move(
            timed.ResumedAt - timed.BeganAt, timed.ReturnedAt - timed.BeganAt, timed.DowntimeMs,
            pings.LongestGapMs, pings.Sent, lost, timed.Bytes);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  {way.Guest.Name,-6} {move.TotalMs,7:F0} ms, command {move.CommandMs,7:F0} ms, down {move.DowntimeMs,6:F1} ms, ping gap {move.PingGapMs,6:F1} ms, lost {lost.Length}/{pings.Sent}, {move.Bytes / 1048576.0,6:F1} MiB{(measured ? "" : "  (not counted)")}"));
        foreach (var ping in lost) Console.WriteLine($"         {ping}");
        if (measured) _moves[way.Guest.Name].Add(move);
    }
}
