using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Godwit.Domains;
using Pipe = System.Threading.Channels.Channel;

namespace Godwit.Hypervisors.Xen.Toolstack;

/// <summary>
/// A line to xenstored, for what xl does not tell and for being told at once. Its messages (docs/misc/xenstore.txt,
/// xen/include/public/io/xs_wire.h), all numbers as this machine has them:
/// <code>
///   u32 type   u32 request   u32 transaction   u32 length   payload
/// </code>
/// An answer has the type and number of its request, or the type of an error; what is watched comes with the number 0.
/// </summary>
internal sealed class XenStore : IAsyncDisposable
{
    private const int HeaderBytes = 16, LongestPayload = 4096;
    private const uint Read = 2, Watch = 4, Unwatch = 5, WatchEvent = 15, Error = 16;
    private readonly Socket _socket;
    private readonly ConcurrentDictionary<uint, TaskCompletionSource<byte[]>> _asked = new();
    private readonly ConcurrentDictionary<string, Channel<string>> _watches = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _reading;
    private uint _last;

    private XenStore(Socket socket)
    {
        _socket = socket;
        _reading = ReadAllAsync();
    }

    /// <exception cref="GodwitException">Nobody listens there.</exception>
    public static async Task<XenStore> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new XenStore(socket);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new GodwitException(
                "engine-missing", $"xenstored does not answer at {path}: {e.Message}.", "See that Xen's services run: systemctl status xen", e);
        }
    }

    /// <returns>The value of a node; null where there is none.</returns>
    public async Task<string?> ReadAsync(string node, CancellationToken cancellationToken)
    {
        try
        {
            return Encoding.UTF8.GetString(await AskAsync(Read, node + "\0", cancellationToken));
        }
        catch (GodwitException e) when (e.Message.EndsWith("ENOENT", StringComparison.Ordinal))
        {
            return null;
        }
    }

    /// <summary>
    /// Watches a node: the paths below it that changed, the first of them at once. <c>@releaseDomain</c> is the end of any
    /// domain, or of its guest.
    /// </summary>
    public async Task<XenWatch> WatchAsync(string node, CancellationToken cancellationToken)
    {
        var channel = Pipe.CreateUnbounded<string>();
        var token = Guid.NewGuid().ToString("N");
        _watches[token] = channel;
        try
        {
            await AskAsync(Watch, $"{node}\0{token}\0", cancellationToken);
        }
        catch
        {
            _watches.TryRemove(token, out _);
            throw;
        }
        return new XenWatch(channel.Reader, () => UnwatchAsync(node, token));
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _socket.Dispose();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
    }

    private async ValueTask UnwatchAsync(string node, string token)
    {
        _watches.TryRemove(token, out _);
        try
        {
            await AskAsync(Unwatch, $"{node}\0{token}\0", _closing.Token);
        }
        catch (Exception e) when (e is GodwitException or OperationCanceledException or ObjectDisposedException)
        {
            // The line is gone, and its watches with it.
        }
    }

    private async Task<byte[]> AskAsync(uint type, string payload, CancellationToken cancellationToken)
    {
        var bytes = Encoding.UTF8.GetBytes(payload);
        if (bytes.Length > LongestPayload) throw new ArgumentException($"xenstored takes no more than {LongestPayload} bytes.", nameof(payload));
        var id = Interlocked.Increment(ref _last);
        var answer = _asked[id] = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        var message = new byte[HeaderBytes + bytes.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(message, type);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(4), id);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(12), (uint)bytes.Length);
        bytes.CopyTo(message, HeaderBytes);
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await _socket.SendAsync(message, cancellationToken);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Lost(e);
        }
        finally
        {
            _writing.Release();
        }
        // It may have ended between the two.
        if (_reading.IsCompleted) answer.TrySetException(Lost(null));
        return await answer.Task.WaitAsync(cancellationToken);
    }

    private async Task ReadAllAsync()
    {
        Exception? end = null;
        try
        {
            await using var stream = new NetworkStream(_socket, ownsSocket: false);
            var header = new byte[HeaderBytes];
            while (true)
            {
                await stream.ReadExactlyAsync(header, _closing.Token);
                var (type, id) = (BinaryPrimitives.ReadUInt32LittleEndian(header), BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)));
                var length = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(12));
                if (length > LongestPayload) throw new IOException($"xenstored announced {length} bytes");
                var payload = new byte[length];
                await stream.ReadExactlyAsync(payload, _closing.Token);
                Take(type, id, payload);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            end = e;
        }
        foreach (var (_, answer) in _asked) answer.TrySetException(Lost(end));
        foreach (var (_, watch) in _watches) watch.Writer.TryComplete();
    }

    private void Take(uint type, uint id, byte[] payload)
    {
        if (type == WatchEvent)
        {
            if (Encoding.UTF8.GetString(payload).Split('\0') is [var path, var token, ..] && _watches.TryGetValue(token, out var watch)) watch.Writer.TryWrite(path);
        }
        else if (_asked.TryRemove(id, out var answer))
        {
            if (type == Error) answer.TrySetException(new GodwitException("engine-failed", $"xenstored answers {Encoding.UTF8.GetString(payload).TrimEnd('\0')}"));
            else answer.TrySetResult(payload);
        }
    }

    private static GodwitException Lost(Exception? cause) => new("engine-silent", "The line to xenstored broke.", null, cause);
}

/// <summary>What changes below a watched node, until it is disposed.</summary>
internal sealed class XenWatch(ChannelReader<string> paths, Func<ValueTask> end) : IAsyncDisposable
{
    public ChannelReader<string> Paths => paths;

    public ValueTask DisposeAsync() => end();
}
