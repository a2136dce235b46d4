using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Godwit.Daemon.Transport;

/// <summary>One connection of another host, decrypted, as Kestrel serves it.</summary>
internal sealed class TlsConnection : DefaultConnectionContext
{
    private readonly SslStream _stream;
    private readonly Socket _socket;

    // Never disposed of: the base class disposes of its own, and cancels it later by a thread of the pool, where that
    // throws and ends the process. A peer that breaks off a long body brings it about.
    private readonly CancellationTokenSource _closed = new();

    public TlsConnection(SslStream stream, Socket socket, string? peer)
        : base(Guid.NewGuid().ToString("n"))
    {
        (_stream, _socket) = (stream, socket);
        Transport = new StreamPipes(
            PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024, leaveOpen: true)),
            new ClosingWriter(PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true)), this));
        ConnectionClosed = _closed.Token;
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        Features.Set<IRemoteHostFeature>(new RemoteHost(peer));
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        _socket.Dispose();
        _ = _closed.CancelAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await Transport.Input.CompleteAsync();
        await Transport.Output.CompleteAsync();
        await _stream.DisposeAsync();
        _socket.Dispose();
        await base.DisposeAsync();
    }

    private sealed record StreamPipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed record RemoteHost(string? Name) : IRemoteHostFeature;
}

/// <summary>There on every connection from the network.</summary>
internal interface IRemoteHostFeature
{
    /// <summary>Name in the peer's certificate; null when it has shown none.</summary>
    string? Name { get; }
}
