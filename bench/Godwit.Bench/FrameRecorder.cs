using System.Buffers.Binary;
using System.Collections.Concurrent;
using Godwit.Lab;
using Godwit.Native;
using Godwit.Native.Network;
using Godwit.Native.Packets;

namespace Godwit.Bench;

/// <summary>A frame of a ping, seen on a link of a host, in either direction.</summary>
/// <param name="Reply">Else it is a request.</param>
/// <param name="Sequence">Sequence number of the ICMP message.</param>
internal readonly record struct Sighting(string Host, string Link, bool Reply, ushort Sequence);

/// <summary>
/// Notes on which links of some hosts the frames of a pinger were seen: the hosts' cables and the guests' taps, those too
/// that come while it records. What goes into a tap is noted when the bridge hands it over, whether the guest takes it or not.
/// </summary>
internal sealed class FrameRecorder : IDisposable
{
    private const ushort AllProtocols = 3; // ETH_P_ALL: with any other a packet socket does not see what a link sends
    private const int ProtocolAt = 23, TypeAt = 34, IdentifierAt = 38, SequenceAt = 40; // no options in the IPv4 header
    private const int FrameBytes = 128, BatchFrames = 64;
    private const byte Icmp = 1, EchoReply = 0;
    private const int NoSuchDevice = 19; // ENODEV

    /// <summary>Between two looks: a tap is there for longer than that before the guest behind it runs.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    /// <summary>Bridges, whose frames are seen at their ports, and links on which no guest is.</summary>
    private static readonly string[] s_left = ["lo", "xenbr0", "san0"];

    private readonly ConcurrentQueue<Sighting> _seen = new();
    private readonly List<Task> _recording = [];
    private readonly ushort _identifier;
    private volatile bool _stopped;

    private FrameRecorder(ushort identifier) => _identifier = identifier;

    public static FrameRecorder Start(LabPaths paths, IEnumerable<string> hosts, ushort identifier)
    {
        var recorder = new FrameRecorder(identifier);
        foreach (var host in hosts)
        {
            recorder._recording.Add(Task.Factory.StartNew(
                () =>
                {
                    using var inside = NetworkNamespace.OpenNamed(paths.Namespace(host));
                    inside.Run(() => recorder.Record(host));
                },
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        }
        return recorder;
    }

    /// <summary>Ends the record.</summary>
    /// <exception cref="AggregateException">It broke off by an error, and is not whole.</exception>
    public IReadOnlyList<Sighting> Stop()
    {
        _stopped = true;
        Task.WaitAll(_recording);
        return [.. _seen];
    }

    public void Dispose() => _stopped = true;

    private bool Record(string host)
    {
        Dictionary<string, PacketSocket> sockets = [];
        var batch = new PacketBatch(BatchFrames, FrameBytes);
        try
        {
            for (var last = false; !last;)
            {
                last = _stopped; // what came until then is taken still
                foreach (var link in Links().Where(link => !sockets.ContainsKey(link)))
                    if (TryOpen(link) is { } socket) sockets.Add(link, socket);
                foreach (var (link, socket) in sockets) Take(host, link, socket, batch);
                if (!last) Thread.Sleep(Look);
            }
        }
        finally
        {
            foreach (var socket in sockets.Values) socket.Dispose();
        }
        return true;
    }

    private void Take(string host, string link, PacketSocket socket, PacketBatch batch)
    {
        do
        {
            socket.Receive(batch, timeoutMs: 0);
            for (var i = 0; i < batch.Count; i++)
                _seen.Enqueue(new Sighting(host, link, batch[i][TypeAt] == EchoReply, BinaryPrimitives.ReadUInt16BigEndian(batch[i][SequenceAt..])));
        }
        while (batch.IsFull);
    }

    private PacketSocket? TryOpen(string link)
    {
        try
        {
            return PacketSocket.Open(link, new PacketSocketOptions
            {
                EtherType = AllProtocols,
                Filter =
                [
                    BpfInstruction.LoadUInt16(12), BpfInstruction.IfEqual(0x0800, 0, 5),
                    BpfInstruction.LoadUInt8(ProtocolAt), BpfInstruction.IfEqual(Icmp, 0, 3),
                    BpfInstruction.LoadUInt16(IdentifierAt), BpfInstruction.IfEqual(_identifier, 0, 1),
                    BpfInstruction.Accept, BpfInstruction.Drop,
                ],
                ReceiveBufferBytes = 1 << 20,
            });
        }
        catch (NativeException e) when (e.Errno == NoSuchDevice)
        {
            return null; // It went between the look and now.
        }
    }

    /// <summary>The links of the namespace that this thread is in: two lines of heading, then <c>name: figures</c>.</summary>
    private static IEnumerable<string> Links() =>
        File.ReadAllLines("/proc/thread-self/net/dev").Skip(2).Select(line => line.Split(':')[0].Trim()).Except(s_left);
}
