using System.Net.Sockets;
using Godwit.Daemon.Queries;

namespace Godwit.Daemon.Transport;

/// <summary>Whether a host of the pool lets new connections in at its port, and answers on them.</summary>
internal sealed class PortProbe(PeerDirectory directory, PeerConnections peers)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    /// <returns>Why not, in words for a person; null when it does.</returns>
    /// <exception cref="Domains.GodwitException">The pool has no such host.</exception>
    public async Task<string?> TryReachAsync(string host, CancellationToken cancellationToken)
    {
        var endpoint = await directory.FindAsync(host, cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            // A connection of its own: one that is open already says nothing of a firewall that was closed since.
            using (var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp))
                await socket.ConnectAsync(endpoint, limit.Token);
            await peers.Client(host).GetHostAsync(limit.Token);
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{endpoint} does not answer within {Limit.TotalSeconds} s.";
        }
        catch (SocketException e)
        {
            return $"{endpoint}: {e.Message}";
        }
        catch (Exception e) when (PeerFailure.IsOne(e, cancellationToken))
        {
            return e.Message;
        }
    }
}
