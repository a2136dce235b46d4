using Godwit.Native.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Packets;

/// <summary>
/// The end of a <see cref="FrameConnection"/> that others connect to, several at a time. What is sent goes to the one whose frames
/// were received last: who serves answers before it receives again. For one thread, but for <see cref="Wake"/>.
/// </summary>
public sealed class FrameHub : IDisposable
{
    private readonly SafeFileHandle _listener;
    private readonly List<FrameConnection> _peers = [];
    private readonly EventSignal _wake = new();
    private readonly string _path;
    private FrameConnection? _current;
    private int _next;

    private FrameHub(SafeFileHandle listener, string path) => (_listener, _path) = (listener, path);

    /// <summary>Listens at a path, for this process's user alone; what a dead process left there is removed.</summary>
    /// <exception cref="NativeException">The path cannot be bound.</exception>
    public static FrameHub Listen(string path)
    {
        File.Delete(path);
        return new FrameHub(UnixListener.ListenForPackets(path), path);
    }

    /// <summary>Frames that found no room, or nobody at the other end any more.</summary>
    public long Dropped { get; private set; }

    /// <summary>Waits for frames and takes those of one peer; comes back with none when the time is over or after <see cref="Wake"/>.</summary>
    public void Receive(PacketBatch batch, int timeoutMs)
    {
        batch.Clear();
        if (TryReceive(batch) || timeoutMs == 0) return;
        FrameConnection.Wait([_listener, .. _peers.Select(peer => peer.Handle)], _wake, timeoutMs);
        TryReceive(batch);
    }

    public void Send(PacketBatch batch) => Dropped += _current?.Send(batch) ?? 0;

    public void Wake() => _wake.Set();

    public void Dispose()
    {
        foreach (var peer in _peers) peer.Dispose();
        _listener.Dispose();
        _wake.Dispose();
        File.Delete(_path);
    }

    // In turn, so that a busy one does not keep the others waiting.
    private bool TryReceive(PacketBatch batch)
    {
        while (FrameConnection.TryAccept(_listener) is { } peer) _peers.Add(peer);
        for (var tries = _peers.Count; tries > 0; tries--)
        {
            _next = (_next + 1) % _peers.Count;
            var peer = _peers[_next];
            if (!peer.Receive(batch))
            {
                Remove(peer);
                if (_peers.Count == 0) return false;
            }
            else if (batch.Count > 0)
            {
                _current = peer;
                return true;
            }
        }
        return false;
    }

    private void Remove(FrameConnection peer)
    {
        _peers.Remove(peer);
        if (ReferenceEquals(_current, peer)) _current = null;
        peer.Dispose();
    }
}
