using System.Net;
using System.Net.Sockets;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Queries;
using Godwit.Daemon.Transport;

namespace Godwit.Daemon.Checks;

/// <summary>Whether the one port is open, from this host to every other one and from each of them to this one.</summary>
internal sealed class PortCheck(DaemonConfig config, Membership membership, PortProbe probe, PeerConnections peers) : IHostCheck
{
    private static readonly Finder Says = new("port");

    public string Name => Says.Check;

    public async Task<IEnumerable<HostFinding>> RunAsync(CheckRound round, CancellationToken cancellationToken)
    {
        if (membership.Current is null)
            return [JudgeAlone(config.Endpoint, TryBind())];
        return await Task.WhenAll((await round.PeersAsync()).Select(async peer => Judge(
            config.Name, peer.Name, await probe.TryReachAsync(peer.Name, cancellationToken),
            peer.Facts is null ? new ReachAnswer(null) : await AskAsync(peer.Name, cancellationToken))));
    }

    /// <param name="there">Why the other host is not reached from here; null when it is.</param>
    /// <param name="back">What the other host says of its way to this one; null when it does not know the question.</param>
    internal static HostFinding Judge(string own, string peer, string? there, ReachAnswer? back)
    {
        if (there is not null)
        {
            return Says.Error($"{peer} is not reached from {own}: {there}",
                $"Start godwitd on {peer}, and open TCP port {DaemonConfig.DefaultPort} (or its own) between the hosts in every firewall.");
        }
        return back switch
        {
            null => Says.Unknown($"{peer} is reached; whether it reaches {own} it cannot say.", $"Have the same version of godwitd on {peer}."),
            { Failure: { } failure } => Says.Error($"{own} is not reached from {peer}: {failure}",
                $"See that `address` in godwitd.toml of {own} is one that {peer} has a way to, and open the port in the firewall of {own}."),
            _ => Says.Ok($"{own} and {peer} reach each other."),
        };
    }

    /// <param name="failure">Why the port could not be listened on; null when it could.</param>
    internal static HostFinding JudgeAlone(string endpoint, SocketError? failure) => failure switch
    {
        null => Says.Ok($"{endpoint} is free; godwitd listens there as soon as this host is in a pool."),
        SocketError.AddressAlreadyInUse => Says.Error($"Another program listens on {endpoint}.", "`ss -ltnp` names it; end it, or set port in godwitd.toml."),
        SocketError.AddressNotAvailable => Says.Error($"This host does not have the address of {endpoint}.", "Set address in godwitd.toml to one that `ip address` shows and other hosts reach."),
        _ => Says.Error($"{endpoint} cannot be listened on: {failure}.", "Set address and port in godwitd.toml."),
    };

    private SocketError? TryBind()
    {
        using var socket = new Socket(config.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(new IPEndPoint(config.Address, config.Port));
            socket.Listen(1);
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }

    private async Task<ReachAnswer?> AskAsync(string peer, CancellationToken cancellationToken)
    {
        try
        {
            return await peers.Client(peer).ReachHostAsync(config.Name, cancellationToken);
        }
        catch (Exception e) when (PeerFailure.IsOne(e, cancellationToken))
        {
            return null;
        }
    }
}
