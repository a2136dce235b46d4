using Godwit.Daemon.Config;
using Godwit.Daemon.Transport;

namespace Godwit.Daemon.Queries;

/// <summary>Whether the daemon of a host answers at this moment, and that soon.</summary>
internal sealed class HostAnswers(DaemonConfig config, PeerConnections peers)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    public async Task<bool> IsThereAsync(string host, CancellationToken cancellationToken)
    {
        if (host == config.Name)
            return true;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            await peers.Client(host).GetHostAsync(limit.Token);
            return true;
        }
        catch (Exception e) when (PeerFailure.IsOne(e, cancellationToken))
        {
            return false;
        }
    }
}
