using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Pki;
using Godwit.Relocation.Channel;

namespace Godwit.Daemon.Transport;

/// <summary>
/// The one TCP port. What a connection is for is agreed in its TLS handshake:
/// <code>
///   accept ─► TLS 1.3 ─┬─ godwit-relocation/1 ─► the domain host, on the bare stream
///                      └─ http/1.1, or nothing ─► Kestrel
/// </code>
/// Relocations go round Kestrel, whose pipes would copy every page twice more.
/// </summary>
internal sealed class TlsPort(
    DaemonConfig config, Membership membership, PoolTransport http, RelocationDoor relocations, TimeProvider time, ILogger<TlsPort> log)
    : BackgroundService
{
    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BindAgain = TimeSpan.FromSeconds(2);
    private readonly TaskCompletionSource<IPEndPoint> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Where it listens, once it does.</summary>
    public Task<IPEndPoint> Listening => _listening.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var identity = await membership.WaitAsync(stoppingToken);
        using var listener = await BindAsync(stoppingToken);
        _listening.SetResult((IPEndPoint)listener.LocalEndPoint!);
        Log.Listening(log, listener.LocalEndPoint!.ToString()!, identity.Pool.Name);
        while (!stoppingToken.IsCancellationRequested)
        {
            var socket = await listener.AcceptAsync(stoppingToken);
            _ = ServeAsync(socket, identity, stoppingToken);
        }
    }

    // The address may not be there yet when the host starts, or an old daemon may still hold the port.
    private async Task<Socket> BindAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var listener = new Socket(config.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
                listener.Bind(new IPEndPoint(config.Address, config.Port));
                listener.Listen(256);
                return listener;
            }
            catch (SocketException e)
            {
                listener.Dispose();
                Log.CannotListen(log, config.Endpoint, e.Message);
                await Task.Delay(BindAgain, time, cancellationToken);
            }
        }
    }

    private async Task ServeAsync(Socket socket, PoolIdentity identity, CancellationToken cancellationToken)
    {
        var from = "?";
        string? refusal = null;
        var bulk = new BulkStream(new NetworkStream(socket, ownsSocket: true));
        var stream = new SslStream(bulk);
        try
        {
            from = socket.RemoteEndPoint?.ToString() ?? from;
            TcpTuning.Apply(socket);
            using (var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
            {
                limit.CancelAfter(HandshakeLimit);
                await stream.AuthenticateAsServerAsync(PoolTls.Server(identity, time, reason => refusal = reason), limit.Token);
            }
            var peer = stream.RemoteCertificate is X509Certificate2 certificate ? PeerCertificate.HostOf(certificate) : null;
            if (stream.NegotiatedApplicationProtocol != PoolTls.Relocation)
            {
                await http.ServeAsync(new TlsConnection(stream, socket, peer), cancellationToken);
                return;
            }
            if (peer is null)
                throw new AuthenticationException("a relocation needs a certificate of the pool");
            TcpTuning.ApplyForBulk(socket);
            bulk.Begin();
            await relocations.AcceptAsync(new StreamRelocationChannel(stream, peer, () => bulk.HasReceived), cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
        {
            if (refusal is not null)
                Log.CertificateRefused(log, from, refusal);
            else if (!cancellationToken.IsCancellationRequested)
                Log.ConnectionRefused(log, from, e.Message);
            await stream.DisposeAsync();
        }
        catch (Exception e)
        {
            Log.ConnectionFailed(log, e, from);
            await stream.DisposeAsync();
        }
    }
}
