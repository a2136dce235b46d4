using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Pki;
using Godwit.Domains;
using Godwit.Relocation.Channel;

namespace Godwit.Daemon.Transport;

/// <summary>
/// Connections to the daemons of other hosts. Hosts are named in URIs (<c>https://resource-1:8002</c>): the name is
/// looked up in the pool, not in DNS, and must stand in the certificate.
/// </summary>
internal sealed class PeerConnections : IRelocationDialer, IDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);
    private readonly DaemonConfig _config;
    private readonly Membership _membership;
    private readonly PeerDirectory _directory;
    private readonly TimeProvider _time;

    public PeerConnections(DaemonConfig config, Membership membership, PeerDirectory directory, TimeProvider time)
    {
        (_config, _membership, _directory, _time) = (config, membership, directory, time);
        Http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            // TLS is made by the callback, which knows the host's name; to the handler the stream is a plain one.
            ConnectCallback = async (context, token) => (await OpenAsync(
                context.DnsEndPoint.Host, SslApplicationProtocol.Http11, TcpTuning.Apply, token)).Tls,
        });
    }

    /// <summary>Sends requests to hosts of the pool; the caller does not dispose it.</summary>
    public HttpMessageInvoker Http { get; }

    // Plain http in the URI: see the callback above.
    public Uri AddressOf(string host) => new($"http://{host}:{_config.Port}");

    /// <summary>A typed client for one host; not to be disposed.</summary>
    public GodwitClient Client(string host) => new(Http, AddressOf(host));

    public ApiTransport Transport(string host) => new(Http, AddressOf(host));

    public async Task<IRelocationChannel> DialAsync(string host, CancellationToken cancellationToken)
    {
        try
        {
            var (stream, bulk) = await OpenAsync(host, PoolTls.Relocation, TcpTuning.ApplyForBulk, cancellationToken);
            bulk.Begin();
            return new StreamRelocationChannel(stream, host, () => bulk.HasReceived);
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException or GodwitException)
        {
            throw new ChannelException($"{host} cannot be reached: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ChannelException($"{host} does not answer within {ConnectLimit.TotalSeconds} s.", e);
        }
    }

    public void Dispose() => Http.Dispose();

    private async Task<(SslStream Tls, BulkStream Bulk)> OpenAsync(
        string host, SslApplicationProtocol protocol, Action<Socket> tune, CancellationToken cancellationToken)
    {
        var identity = _membership.Require();
        // The other side would hang up without a word: only here it can be said.
        if (PeerCertificate.RefuseTime(identity.Certificate, _time.GetUtcNow()) is { } own)
            throw Refused($"The certificate of this host, {_config.Name}, is of no use: {own}.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ConnectLimit);
        var endpoint = await _directory.FindAsync(host, limit.Token);
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        SslStream? stream = null;
        string? refusal = null;
        try
        {
            tune(socket);
            await socket.ConnectAsync(endpoint, limit.Token);
            var bulk = new BulkStream(new NetworkStream(socket, ownsSocket: true));
            stream = new SslStream(bulk);
            await stream.AuthenticateAsClientAsync(PoolTls.Client(identity, host, protocol, _time, reason => refusal = reason), limit.Token);
            return (stream, bulk);
        }
        catch (AuthenticationException e) when (refusal is not null)
        {
            await stream!.DisposeAsync();
            throw Refused($"{host} at {endpoint} is not who it should be: {refusal}.", e);
        }
        catch
        {
            if (stream is not null)
                await stream.DisposeAsync();
            socket.Dispose();
            throw;
        }
    }

    private static GodwitException Refused(string message, Exception? inner = null) => new(
        "certificate-refused", message, "See that the clocks of both hosts are right; a host whose certificate has ended is to join the pool again.", inner);
}
