using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Packets;

/// <summary>
/// The end of a <see cref="FrameConnection"/> that connects to a <see cref="FrameHub"/>, and connects again when the process at
/// the other end was replaced. What is sent meanwhile is lost, as on a network.
/// </summary>
public sealed class FrameLine(string path) : IDisposable
{
    /// <summary>Between two tries to connect.</summary>
    private const int AgainMs = 50;

    private readonly EventSignal _wake = new();
    private volatile FrameConnection? _connection = FrameConnection.TryConnect(path);
    private long _dropped;

    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Waits for frames and takes all that are there and fit; comes back with none when the time is over or after <see cref="Wake"/>.</summary>
    /// <param name="timeoutMs">Milliseconds; 0 does not wait, -1 waits for ever.</param>
    public void Receive(PacketBatch batch, int timeoutMs)
    {
        batch.Clear();
        var connection = _connection ??= FrameConnection.TryConnect(path);
        if (connection is null)
        {
            FrameConnection.Wait(Array.Empty<SafeFileHandle>(), _wake, timeoutMs < 0 ? AgainMs : Math.Min(timeoutMs, AgainMs));
            return;
        }
        if (!TryReceive(connection, batch) || batch.Count > 0 || timeoutMs == 0) return;
        FrameConnection.Wait([connection.Handle], _wake, timeoutMs);
        TryReceive(connection, batch);
    }

    public void Send(PacketBatch batch)
    {
        try
        {
            Interlocked.Add(ref _dropped, _connection?.Send(batch) ?? batch.Count);
        }
        catch (ObjectDisposedException)
        {
            // The other side closed it at this moment.
            Interlocked.Add(ref _dropped, batch.Count);
        }
    }

    public void Wake() => _wake.Set();

    public void Dispose()
    {
        _connection?.Dispose();
        _wake.Dispose();
    }

    private bool TryReceive(FrameConnection connection, PacketBatch batch)
    {
        if (connection.Receive(batch)) return true;
        _connection = null;
        connection.Dispose();
        return false;
    }
}
