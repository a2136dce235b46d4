using Godwit.Api;

namespace Godwit.Daemon.Checks;

/// <summary>How far the clock of each other host is from this one's. No move depends on it; certificates and guests' clocks do.</summary>
internal sealed class ClockCheck : IHostCheck
{
    /// <summary>What clocks that are kept by NTP never come to.</summary>
    internal static readonly TimeSpan Small = TimeSpan.FromSeconds(1);

    /// <summary>A guest that is moved sees its clock jump by so much.</summary>
    internal static readonly TimeSpan Large = TimeSpan.FromMinutes(1);

    private static readonly Finder Says = new("clock");

    public string Name => Says.Check;

    public async Task<IEnumerable<HostFinding>> RunAsync(CheckRound round, CancellationToken cancellationToken) =>
        (await round.PeersAsync()).Where(peer => peer.Facts is not null).Select(peer => Judge(peer.Name, peer.Ahead, peer.Uncertain));

    /// <param name="ahead">How far the other clock is ahead; the error is at most <paramref name="uncertain"/>.</param>
    internal static HostFinding Judge(string host, TimeSpan ahead, TimeSpan uncertain)
    {
        const string Remedy = "Have all hosts kept by NTP: apt-get install chrony (or systemd-timesyncd).";
        if (uncertain > Small && ahead.Duration() <= uncertain)
            return Says.Unknown(FormattableString.Invariant($"The clock of {host} may be off by up to {uncertain.TotalSeconds:0.0} s: its answers take long."));
        var direction = ahead > TimeSpan.Zero ? "ahead" : "behind";
        if (ahead.Duration() <= Small)
            return Says.Ok(FormattableString.Invariant($"The clock of {host} agrees to {Math.Max(ahead.Duration().TotalMilliseconds, uncertain.TotalMilliseconds):0} ms."));
        return ahead.Duration() <= Large
            ? Says.Warning(FormattableString.Invariant($"The clock of {host} is {ahead.Duration().TotalSeconds:0.0} s {direction}."), Remedy)
            : Says.Error(FormattableString.Invariant($"The clock of {host} is {ahead.Duration().TotalMinutes:0.0} min {direction}: certificates may be refused, and guests' clocks jump when they move."), Remedy);
    }
}
