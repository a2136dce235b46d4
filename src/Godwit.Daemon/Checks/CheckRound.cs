using System.Collections.Immutable;
using Godwit.Api;

namespace Godwit.Daemon.Checks;

/// <summary>What the checks of one round share: the other hosts are asked once.</summary>
internal sealed class CheckRound(Func<CancellationToken, Task<ImmutableArray<PeerView>>> ask, CancellationToken cancellationToken)
{
    private readonly Lazy<Task<ImmutableArray<PeerView>>> _peers = new(() => ask(cancellationToken));

    /// <summary>The other hosts of the pool; none where this host belongs to none.</summary>
    public Task<ImmutableArray<PeerView>> PeersAsync() => _peers.Value;
}

/// <summary>Another host as it shows itself from here.</summary>
/// <param name="Facts">What it says of itself; null when it did not answer.</param>
/// <param name="Ahead">How far its clock is ahead of this host's.</param>
/// <param name="Uncertain">By how much <paramref name="Ahead"/> may be wrong: half the way there and back.</param>
/// <param name="Failure">Why it did not answer; null when it did.</param>
internal sealed record PeerView(string Name, HostFacts? Facts, TimeSpan Ahead, TimeSpan Uncertain, string? Failure);
