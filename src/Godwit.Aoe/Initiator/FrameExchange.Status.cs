using Godwit.Aoe.Control;
using Godwit.Domains;

namespace Godwit.Aoe.Initiator;

/// <content>What the exchange says of itself.</content>
internal sealed partial class FrameExchange
{
    public ExchangeStatus Status()
    {
        lock (_gate)
        {
            var first = Array.Find(_paths, path => path.State == PathState.Up) ?? Array.Find(_paths, path => path.WasUp);
            var up = _paths.Where(path => path.State == PathState.Up).ToList();
            return new ExchangeStatus
            {
                Target = first?.Target ?? default,
                SectorsPerFrame = _sectorsPerFrame,
                Session = _session,
                Window = up.Sum(path => path.Window.Size),
                InFlight = _inFlight + _lost.Count,
                RttMicroseconds = first?.RoundTrip.MeanMicroseconds ?? 0,
                Retransmits = _paths.Sum(path => path.Retransmits),
                Answering = up.Count > 0,
                Latency = Tell(LatencySamples.Summarize([.. _paths.Select(path => path.Latency)])),
                Paths = [.. _paths.Select(Describe)],
            };
        }
    }

    private static PathStatus Describe(FramePath path) => new()
    {
        Interface = path.Port.Link.Name,
        TargetMac = path.Target.ToString(),
        State = path.State switch
        {
            PathState.Up => PathCondition.Up,
            PathState.Down => PathCondition.Down,
            PathState.Foreign => PathCondition.Foreign,
            PathState.Refused => PathCondition.Refused,
            _ => PathCondition.Unproven,
        },
        Mtu = path.Port.Link.Mtu,
        SectorsPerFrame = path.SectorsPerFrame,
        Window = path.Window.Size,
        WindowLimit = path.WindowLimit,
        InFlight = path.InFlight,
        RttMicroseconds = path.RoundTrip.MeanMicroseconds,
        TimeoutMicroseconds = (long)path.RoundTrip.Timeout(1).TotalMicroseconds,
        Retransmits = path.Retransmits,
        Latency = Tell(path.Latency.Summarize()),
    };

    private static LatencyStatus Tell(LatencySummary summary) => new(summary.P50, summary.P99, summary.Longest);
}

internal sealed record ExchangeStatus
{
    public required MacAddress Target { get; init; }

    public required int SectorsPerFrame { get; init; }

    public required int Session { get; init; }

    public required int Window { get; init; }

    public required int InFlight { get; init; }

    public required long RttMicroseconds { get; init; }

    public required long Retransmits { get; init; }

    public required bool Answering { get; init; }

    public required LatencyStatus Latency { get; init; }

    public required IReadOnlyList<PathStatus> Paths { get; init; }
}
