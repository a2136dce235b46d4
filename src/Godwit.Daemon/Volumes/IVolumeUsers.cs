using Godwit.Api;
using Godwit.Daemon.Transport;
using Godwit.Domains;

namespace Godwit.Daemon.Volumes;

/// <summary>The hosts that use this host's volumes.</summary>
internal interface IVolumeUsers
{
    /// <summary>Has the guests of a host see that a volume of theirs has grown; they do when this returns.</summary>
    /// <exception cref="GodwitException">Some do not, or the host does not answer.</exception>
    Task TellGrownAsync(string host, VolumeName volume, long sizeBytes, CancellationToken cancellationToken);
}

/// <summary>They are told over their API, and this host itself the same way.</summary>
internal sealed class RemoteVolumeUsers(PeerConnections peers) : IVolumeUsers
{
    /// <summary>An engine has to connect to its disk again.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(20);

    public async Task TellGrownAsync(string host, VolumeName volume, long sizeBytes, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            await peers.Transport(host).SendAsync(
                HttpMethod.Post, ApiRoutes.Fill(ApiRoutes.VolumeGrown, volume.Group, volume.Volume), new GrownRequest(sizeBytes),
                DaemonJson.Default.GrownRequest, limit.Token);
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new GodwitException(ApiException.HostUnreachable, $"it does not answer within {AnswerLimit.TotalSeconds} s.", $"See that {host} and its godwitd run.", e);
        }
    }
}
