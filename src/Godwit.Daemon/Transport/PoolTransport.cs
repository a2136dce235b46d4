using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Godwit.Daemon.Transport;

/// <summary>
/// Stands where Kestrel would listen on the network. Kestrel is bound to it from the start and gets connections from
/// it as soon as there are any: once this host is a member, those of <see cref="TlsPort"/> that speak HTTP.
/// </summary>
internal sealed class PoolTransport : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly Channel<ConnectionContext> _connections = Channel.CreateBounded<ConnectionContext>(64);

    public static EndPoint EndPoint { get; } = new PoolEndPoint();

    public bool CanBind(EndPoint endpoint) => endpoint is PoolEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IConnectionListener>(new Listener(_connections));

    public async Task ServeAsync(ConnectionContext connection, CancellationToken cancellationToken)
    {
        try
        {
            await _connections.Writer.WriteAsync(connection, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            await connection.DisposeAsync();
        }
    }

    private sealed class PoolEndPoint : EndPoint
    {
        public override string ToString() => "the pool";
    }

    private sealed class Listener(Channel<ConnectionContext> connections) : IConnectionListener
    {
        public EndPoint EndPoint => PoolTransport.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (await connections.Reader.WaitToReadAsync(cancellationToken))
            {
                if (connections.Reader.TryRead(out var connection))
                    return connection;
            }
            return null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            connections.Writer.TryComplete();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
