using System.Buffers;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;

namespace Godwit.Hypervisors.Qemu.Qmp;

/// <summary>
/// A line to QEMU's monitor: commands and their replies, matched by id, and the events between them. When the line
/// breaks, every waiting command fails with <see cref="QmpLostException"/> and <see cref="Events"/> completes with it.
/// </summary>
internal sealed class QmpConnection : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly QmpLineReader _lines;
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonElement>> _waiting = new();
    private readonly Channel<QmpEvent> _events = Channel.CreateUnbounded<QmpEvent>(new() { SingleReader = true, SingleWriter = true });
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private Task _reading = Task.CompletedTask;
    private long _lastId;
    private volatile QmpLostException? _lost;

    private QmpConnection(Stream stream)
    {
        _stream = stream;
        _lines = new QmpLineReader(stream);
    }

    /// <summary>Version of QEMU from its greeting, such as <c>7.2.22</c>.</summary>
    public string Version { get; private set; } = "";

    public ChannelReader<QmpEvent> Events => _events.Reader;

    /// <summary>Connects to a monitor's socket and leaves negotiation mode.</summary>
    /// <exception cref="QmpLostException">Nobody listens there, or it is not QEMU, or it ended meanwhile.</exception>
    public static async Task<QmpConnection> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new QmpLostException($"cannot connect to QEMU's monitor at {path}: {e.Message}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        return await OpenAsync(new NetworkStream(socket, ownsSocket: true), cancellationToken);
    }

    /// <summary>As <see cref="ConnectAsync"/>, over a stream that is connected already and owned from here on.</summary>
    public static async Task<QmpConnection> OpenAsync(Stream stream, CancellationToken cancellationToken)
    {
        var connection = new QmpConnection(stream);
        try
        {
            await connection.GreetAsync(cancellationToken);
            connection._reading = connection.ReadAsync();
            await connection.ExecuteAsync("qmp_capabilities", cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="QmpException">QEMU refused it.</exception>
    /// <exception cref="QmpLostException">The line broke; whether QEMU carried it out is not known.</exception>
    public Task ExecuteAsync(string command, CancellationToken cancellationToken) =>
        SendAsync(command, static _ => { }, cancellationToken);

    /// <inheritdoc cref="ExecuteAsync(string, CancellationToken)"/>
    public Task ExecuteAsync<TArguments>(
        string command, TArguments arguments, JsonTypeInfo<TArguments> type, CancellationToken cancellationToken) =>
        SendAsync(command, writer => WriteArguments(writer, arguments, type), cancellationToken);

    /// <inheritdoc cref="ExecuteAsync(string, CancellationToken)"/>
    public async Task<TResult> QueryAsync<TResult>(
        string command, JsonTypeInfo<TResult> type, CancellationToken cancellationToken)
    {
        var value = await SendAsync(command, static _ => { }, cancellationToken);
        try
        {
            return value.Deserialize(type) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new QmpLostException($"QEMU's reply to {command} makes no sense: {e.Message}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _stream.DisposeAsync();
        await _reading;
        Lose(new QmpLostException("the line to QEMU's monitor was closed"));
        _closing.Dispose();
        _writing.Dispose();
    }

    private static void WriteArguments<T>(Utf8JsonWriter writer, T arguments, JsonTypeInfo<T> type)
    {
        writer.WritePropertyName("arguments");
        JsonSerializer.Serialize(writer, arguments, type);
    }

    private async Task GreetAsync(CancellationToken cancellationToken)
    {
        try
        {
            var line = await _lines.ReadAsync(cancellationToken)
                ?? throw new QmpLostException("QEMU closed its monitor without a greeting");
            Version = QmpMessage.Parse(line) is QmpMessage.Greeting greeting
                ? greeting.Version
                : throw new QmpLostException("QEMU's monitor did not begin with a greeting");
        }
        catch (Exception e) when (e is (IOException or SocketException) and not QmpLostException)
        {
            throw new QmpLostException($"the line to QEMU's monitor broke: {e.Message}", e);
        }
    }

    private async Task<JsonElement> SendAsync(
        string command, Action<Utf8JsonWriter> writeArguments, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _lastId);
        var reply = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = reply;
        try
        {
            if (_lost is { } lost) throw new QmpLostException(lost.Message, lost) { NothingSent = true };
            await WriteAsync(Compose(command, id, writeArguments), cancellationToken);
            return await reply.Task.WaitAsync(cancellationToken);
        }
        catch (QmpRefusal refusal)
        {
            throw new QmpException(command, refusal.ErrorClass, refusal.Message);
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    private static ReadOnlyMemory<byte> Compose(string command, long id, Action<Utf8JsonWriter> writeArguments)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("execute", command);
            writeArguments(writer);
            writer.WriteNumber("id", id);
            writer.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer.WrittenMemory;
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            // Not to be cancelled half-way: the rest of a message would spoil the next one.
            await _stream.WriteAsync(message, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // A part of a command may be on its way, but a command without its end is none.
            throw new QmpLostException($"the line to QEMU's monitor broke: {e.Message}", e) { NothingSent = true };
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await _lines.ReadAsync(_closing.Token) is { } line)
                Take(QmpMessage.Parse(line));
            Lose(new QmpLostException("QEMU closed its monitor"));
        }
        catch (QmpLostException e)
        {
            Lose(e);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            Lose(new QmpLostException($"the line to QEMU's monitor broke: {e.Message}", e));
        }
    }

    private void Take(QmpMessage message)
    {
        switch (message)
        {
            case QmpMessage.Event m:
                _events.Writer.TryWrite(m.Value);
                break;
            case QmpMessage.Return m when _waiting.TryGetValue(m.Id, out var waiting):
                waiting.TrySetResult(m.Value);
                break;
            case QmpMessage.Error { Id: { } id } m when _waiting.TryGetValue(id, out var waiting):
                waiting.TrySetException(new QmpRefusal(m.Class, m.Description));
                break;
            default:
                break; // A reply nobody waits for any more, or a message of a later version.
        }
    }

    private void Lose(QmpLostException reason)
    {
        _lost ??= reason;
        foreach (var waiting in _waiting.Values)
            if (waiting.TrySetException(new QmpLostException(reason.Message, reason)))
                _ = waiting.Task.Exception; // Seen: a command that was cancelled does not look at it again.
        _events.Writer.TryComplete(reason);
    }

    private sealed class QmpRefusal(string errorClass, string description) : Exception(description)
    {
        public string ErrorClass { get; } = errorClass;
    }
}
