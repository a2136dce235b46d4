using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Godwit.Domains;
using Godwit.Native;
using Godwit.Native.Network;
using Godwit.Native.Packets;
using Microsoft.Extensions.Logging;

namespace Godwit.Hypervisors.Network;

/// <summary>Guests on Linux bridges of this host.</summary>
/// <remarks>
/// Before the resume a guest's address is pinned to its port: the source's tap may still send a frame of the guest's, which
/// would teach the bridge the old way. After the resume the entry becomes an ordinary one, because a pin that
/// stays would cut the guest off once it has moved on.
/// </remarks>
public sealed class BridgeNetwork(TimeProvider time, ILogger log) : IGuestNetwork, IAsyncDisposable
{
    /// <summary>When a settled guest is announced again, each counted from the one before: frames may be lost, and switches busy.</summary>
    private static readonly TimeSpan[] Repeats =
    [
        TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(100),
        TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(400),
    ];

    private const int LongestFrame = 128, MostFrames = 64, BufferBytes = 256 << 10;
    private const int LongestDelivered = 9216, DeliveredBytes = 1 << 20;
    private readonly ConcurrentDictionary<MacAddress, (string Device, PortWatch Watch)> _watches = new();
    private readonly ConcurrentDictionary<string, FrameNotes> _notes = new();
    private readonly ConcurrentDictionary<Task, byte> _repeating = new();
    private readonly CancellationTokenSource _closing = new();

    public void CheckBridge(string bridge) => Bridges.Check(bridge);

    public ImmutableArray<IPAddress> LearnedAddresses(MacAddress mac) =>
        _watches.TryGetValue(mac, out var entry) ? entry.Watch.Addresses : [];

    public void Watch(GuestPort port, ImmutableArray<IPAddress> known)
    {
        Unwatch(port);
        try
        {
            var watch = new PortWatch(port, known, log);
            if (!_watches.TryAdd(port.Mac, (port.Device, watch))) watch.Dispose();
        }
        catch (NativeException e)
        {
            // The guest runs without; it is announced by RARP alone when it moves.
            NetworkLog.NotWatched(log, port.Device, e.Message);
        }
    }

    public void Unwatch(GuestPort port)
    {
        // Of two copies of a domain on this host only the one that was watched is let go of.
        if (_watches.TryGetValue(port.Mac, out var entry) && entry.Device == port.Device && _watches.TryRemove(port.Mac, out entry))
            entry.Watch.Dispose();
    }

    public Task AnnounceAsync(GuestPort port, ImmutableArray<IPAddress> addresses, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // An engine that makes the port when all is loaded has nowhere to keep frames before; they are drawn once the guest runs.
        if (!Bridges.HasPort(port)) return Task.CompletedTask;
        try
        {
            ForwardingTable.Pin(port.Device, port.Mac.ToBytes());
            Send(port, addresses);
        }
        catch (NativeException e)
        {
            throw new GodwitException(
                "not-announced", $"The network cannot be told that {port.Mac} is at {port.Device} on {port.Bridge}: {e.Message}", null, e);
        }
        return Task.CompletedTask;
    }

    public Task SettleAsync(GuestPort port, ImmutableArray<IPAddress> addresses, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Unpin(port);
        var repeating = RepeatAsync(port, addresses);
        _repeating[repeating] = 0;
        _ = repeating.ContinueWith(
            task => _repeating.TryRemove(task, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return Task.CompletedTask;
    }

    public Task WithdrawAsync(GuestPort port, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ForwardingTable.Remove(port.Device, port.Mac.ToBytes());
        return Task.CompletedTask;
    }

    public void Note(GuestPort port)
    {
        try
        {
            if (_notes.TryGetValue(port.Device, out var notes)) notes.Collect();
            else _notes[port.Device] = new FrameNotes(port);
        }
        catch (NativeException e)
        {
            NetworkLog.NotPassedOn(log, port.Device, e.Message);
        }
    }

    public ImmutableArray<byte[]> Take(GuestPort port, IReadOnlyList<byte[]> waiting, DateTimeOffset stopped)
    {
        if (!_notes.TryRemove(port.Device, out var notes)) return [];
        using (notes)
        {
            try
            {
                return FollowingFrames.Choose(port.Mac, notes.Take(), waiting, stopped);
            }
            catch (NativeException e)
            {
                NetworkLog.NotPassedOn(log, port.Device, e.Message);
                return [];
            }
        }
    }

    public void Deliver(GuestPort port, IReadOnlyList<byte[]> frames)
    {
        try
        {
            using var tap = PacketSocket.Open(
                port.Device, new PacketSocketOptions { EtherType = 0, ReceiveBufferBytes = BufferBytes, SendBufferBytes = DeliveredBytes });
            foreach (var chunk in frames.Where(frame => frame.Length <= LongestDelivered).Chunk(MostFrames))
            {
                var batch = new PacketBatch(chunk.Length, LongestDelivered);
                foreach (var frame in chunk) batch.Add(frame.AsSpan());
                tap.Send(batch);
            }
        }
        catch (NativeException e)
        {
            NetworkLog.NotPassedOn(log, port.Device, e.Message);
        }
    }

    public void Forget(GuestPort port)
    {
        if (_notes.TryRemove(port.Device, out var notes)) notes.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await Task.WhenAll(_repeating.Keys);
        foreach (var (_, entry) in _watches) entry.Watch.Dispose();
        _watches.Clear();
        foreach (var (_, notes) in _notes) notes.Dispose();
        _notes.Clear();
        _closing.Dispose();
    }

    private void Unpin(GuestPort port)
    {
        try
        {
            ForwardingTable.Unpin(port.Device, port.Mac.ToBytes());
        }
        catch (NativeException e)
        {
            // The port is gone, and the pin with it.
            NetworkLog.NotAnnounced(log, port.Mac, port.Bridge, e.Message);
        }
    }

    private async Task RepeatAsync(GuestPort port, ImmutableArray<IPAddress> addresses)
    {
        try
        {
            Send(port, addresses);
            foreach (var pause in Repeats)
            {
                await Task.Delay(pause, time, _closing.Token);
                // A guest that has moved on meanwhile must not be called back.
                if (!Bridges.IsAt(port)) return;
                Send(port, addresses);
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon ends; the first announcement is out.
        }
        catch (NativeException e)
        {
            NetworkLog.NotAnnounced(log, port.Mac, port.Bridge, e.Message);
        }
    }

    /// <summary>Sends from the bridge itself: to every port and so to every switch behind one.</summary>
    private static void Send(GuestPort port, ImmutableArray<IPAddress> addresses)
    {
        using var socket = PacketSocket.Open(
            port.Bridge, new PacketSocketOptions { EtherType = 0, ReceiveBufferBytes = BufferBytes, SendBufferBytes = BufferBytes });
        var batch = new PacketBatch(MostFrames, LongestFrame);
        foreach (var frame in AnnouncementFrames.Make(port.Mac, addresses.Distinct()).Take(MostFrames)) batch.Add(frame.AsSpan());
        socket.Send(batch);
    }
}
