using System.Collections.Immutable;
using Godwit.Domains;

namespace Godwit.Hypervisors.Network;

/// <summary>
/// Which frames have to follow a guest that stopped to move: those that it has not had, in their order.
/// <code>
///   noted as they came:      a  b  c  d  e  f  g
///                            |-----|  |  |-----|
///              the guest had these    |  wait in the port
///                                     taken by the engine when the guest had stopped
/// </code>
/// QEMU takes one frame more out of the port after a stop, keeps it for a guest that goes on here, and reads no further. It is
/// the one before those that wait; where none waits, the last one that came, unless it came before the stop and was answered.
/// A guest has a frame twice sooner than not at all.
/// </summary>
internal static class FollowingFrames
{
    /// <summary>What follows a guest in one message, in bytes; the rest is lost, as on a full switch.</summary>
    private const int MostBytes = 512 << 10;

    /// <summary>The engine tells the time of a stop when its processors stand, and takes no frames for some time before that.</summary>
    private static readonly TimeSpan Stopping = TimeSpan.FromMilliseconds(50);

    /// <param name="mac">The guest's; what goes to all reaches the new place by itself.</param>
    /// <param name="passed">Frames for the guest and its own as they passed its port, the latest at least.</param>
    /// <param name="waiting">What was found in the port.</param>
    /// <param name="stopped">When the guest stopped.</param>
    public static ImmutableArray<byte[]> Choose(
        MacAddress mac, IReadOnlyList<NotedFrame> passed, IReadOnlyList<byte[]> waiting, DateTimeOffset stopped)
    {
        var noted = passed.Where(frame => frame.To == mac).ToList();
        var own = waiting.Where(frame => frame.Length >= 12 && MacAddress.Read(frame) == mac).ToList();
        var following = own.Count > 0 ? Around(own, noted) : noted.Where((frame, i) => frame.Came >= stopped || (i == noted.Count - 1 && MayBeTaken(frame)));
        var bytes = 0;
        return [.. following.Select(frame => frame.Frame).TakeWhile(frame => (bytes += frame.Length) <= MostBytes)];

        bool MayBeTaken(NotedFrame frame) => frame.Came + Stopping >= stopped
            && !passed.Any(reply => reply.From == mac && reply.To == frame.From && reply.Came > frame.Came);
    }

    // Those that wait, the one before them, and those that came after the look into the port. One whose sender on this machine has left its
    // checksum out looks otherwise in the notes, and is not found there.
    private static IEnumerable<NotedFrame> Around(List<byte[]> own, List<NotedFrame> noted)
    {
        var waiting = own.Select(frame => new NotedFrame(frame, default));
        var first = noted.Count - own.Count;
        while (first >= 0 && !noted[first].Frame.AsSpan().SequenceEqual(own[0])) first--;
        if (first < 0) return waiting;
        return [.. noted[..first].TakeLast(1), .. waiting, .. noted[(first + own.Count)..]];
    }
}
