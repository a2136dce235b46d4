using System.Collections.Immutable;
using Godwit.Domains;

namespace Godwit.Hypervisors.Network;

/// <summary>
/// Which frames have to follow a guest that stopped to move: those that it has not had, in their order.
/// <code>
///   noted as they came:      a  b  c  d  e  f  g
///                            |--|  |  |  |-----|
///       the guest had these     |  |  |  wait in the port
///                               |  |  taken by the engine when the guest had stopped
///                               |  perhaps taken while it stopped, and thrown away
/// </code>
/// QEMU reads no further in the port once it has taken a frame for a guest that does not run. It takes one while the processors are
/// brought to a stop, which may last; throws that one away when they stand; and takes one more, which it keeps for a guest that goes
/// on here. So the one before those that wait is lost without this, and the one before that may be, unless it was answered; as may
/// the last two where none waits. A guest has a frame twice sooner than not at all.
/// </summary>
internal static class FollowingFrames
{
    /// <summary>What follows a guest in one message, in bytes; the rest is lost, as on a full switch.</summary>
    private const int MostBytes = 512 << 10;

    /// <summary>The engine tells the time of a stop when its processors stand, and takes one frame in the time before that.</summary>
    private static readonly TimeSpan Stopping = TimeSpan.FromMilliseconds(500);

    /// <param name="mac">The guest's; what goes to all reaches the new place by itself.</param>
    /// <param name="passed">Frames for the guest and its own as they passed its port, the latest at least.</param>
    /// <param name="waiting">What was found in the port.</param>
    /// <param name="stopped">When the guest stopped.</param>
    public static ImmutableArray<byte[]> Choose(
        MacAddress mac, IReadOnlyList<NotedFrame> passed, IReadOnlyList<byte[]> waiting, DateTimeOffset stopped)
    {
        var noted = passed.Where(frame => frame.To == mac).ToList();
        var own = waiting.Where(frame => frame.Length >= 12 && MacAddress.Read(frame) == mac).ToList();
        var first = own.Count > 0 ? FirstWaiting(own, noted) : noted.Count;
        var following = noted.Take(first).Where(Follows)
            .Concat(own.Select(frame => new NotedFrame(frame, default)))
            // What came after the look into the port.
            .Concat(noted.Skip(first + own.Count));
        var bytes = 0;
        return [.. following.Select(frame => frame.Frame).TakeWhile(frame => (bytes += frame.Length) <= MostBytes)];

        bool Follows(NotedFrame frame, int i) => frame.Came >= stopped
            || (i == first - 1 && own.Count > 0)
            || (i >= first - 2 && frame.Came + Stopping >= stopped && !IsAnswered(frame));

        bool IsAnswered(NotedFrame frame) => passed.Any(reply => reply.From == mac && reply.To == frame.From && reply.Came > frame.Came);
    }

    // Where those that wait begin among those that were noted. One whose sender on this machine has left its checksum out looks otherwise
    // in the notes: then they are the last.
    private static int FirstWaiting(List<byte[]> own, List<NotedFrame> noted)
    {
        var last = noted.Count - own.Count;
        var first = last;
        while (first >= 0 && !noted[first].Frame.AsSpan().SequenceEqual(own[0])) first--;
        return Math.Max(first >= 0 ? first : last, 0);
    }
}
