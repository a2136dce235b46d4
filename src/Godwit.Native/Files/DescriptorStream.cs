using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Files;

/// <summary>
/// One direction of a pipe, or both of a terminal, opened by its path: that of a FIFO, of /dev/pts, or /proc/PID/fd/N for a
/// pipe of another process, whose own end stays as it is. What waits for it holds no thread, and ends when the stream is
/// disposed or the wait is cancelled.
/// </summary>
public sealed partial class DescriptorStream : Stream
{
    private const int O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_NOCTTY = 0x100, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000;
    private const int F_SETPIPE_SZ = 1031;
    private readonly string _path;
    private readonly SafeFileHandle _descriptor;
    private readonly CancellationTokenSource _closing = new();

    private DescriptorStream(string path, int flags)
    {
        _path = path;
        _descriptor = new SafeFileHandle(
            SystemCall.Run($"open '{path}'", flags, f => open(path, f | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)), ownsHandle: true);
        (CanRead, CanWrite) = (flags != O_WRONLY, flags != O_RDONLY);
    }

    public override bool CanRead { get; }

    public override bool CanWrite { get; }

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="NativeException">It is not there.</exception>
    public static DescriptorStream OpenRead(string path) => new(path, O_RDONLY);

    /// <exception cref="NativeException">It is not there, or a FIFO that nobody reads.</exception>
    public static DescriptorStream OpenWrite(string path) => new(path, O_WRONLY);

    /// <summary>Both directions: of a terminal, or of a FIFO that is to have a reader and a writer for as long as this lives.</summary>
    /// <exception cref="NativeException">It is not there.</exception>
    public static DescriptorStream OpenBoth(string path) => new(path, O_RDWR);

    /// <summary>Makes room in a pipe, which has 64 KiB by itself; without the right to it, it stays as it is.</summary>
    public void Widen(int bytes) => _ = fcntl(_descriptor, F_SETPIPE_SZ, bytes);

    /// <returns>0 at its end, also of a terminal whose other side has gone.</returns>
    /// <exception cref="IOException">It failed.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var length = TryRead(buffer.Span);
            if (length >= 0) return length;
            await WaitAsync(DescriptorReadiness.Readable, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes all of it.</summary>
    /// <exception cref="IOException">It failed; nobody reads it any more.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var length = TryWrite(buffer.Span);
            if (length < 0) await WaitAsync(DescriptorReadiness.Writable, cancellationToken).ConfigureAwait(false);
            else buffer = buffer[length..];
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _closing.Cancel();
            _descriptor.Dispose();
        }
        base.Dispose(disposing);
    }

    private async Task WaitAsync(short events, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        try
        {
            await DescriptorReadiness.WaitAsync(_descriptor, events, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"'{_path}' was closed");
        }
    }

    // -1: nothing is there now.
    private unsafe int TryRead(Span<byte> buffer)
    {
        fixed (byte* first = buffer)
        {
            while (true)
            {
                var length = read(Open(), first, buffer.Length);
                if (length >= 0) return (int)length;
                switch (Marshal.GetLastPInvokeError())
                {
                    case Errno.EINTR: continue;
                    case Errno.EAGAIN: return -1;
                    case Errno.EIO: return 0;
                    case var error: throw new NativeException($"read '{_path}'", error);
                }
            }
        }
    }

    // -1: there is no room now.
    private unsafe int TryWrite(ReadOnlySpan<byte> data)
    {
        fixed (byte* first = data)
        {
            while (true)
            {
                var length = write(Open(), first, data.Length);
                if (length >= 0) return (int)length;
                switch (Marshal.GetLastPInvokeError())
                {
                    case Errno.EINTR: continue;
                    case Errno.EAGAIN: return -1;
                    case var error: throw new NativeException($"write '{_path}'", error);
                }
            }
        }
    }

    // By our own word: the descriptor itself is open for as long as a wait holds it.
    private SafeFileHandle Open() => _closing.IsCancellationRequested ? throw new IOException($"'{_path}' was closed") : _descriptor;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint read(SafeFileHandle fd, void* buffer, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint write(SafeFileHandle fd, void* data, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeFileHandle fd, int command, int argument);
}
