using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Queries;
using Godwit.Daemon.Transport;

namespace Godwit.Daemon.Checks;

/// <summary>Asks all other hosts of the pool for their facts, and how late it is there.</summary>
internal sealed class PeerSurvey(DaemonConfig config, Membership membership, PeerDirectory directory, PeerConnections peers, TimeProvider time)
{
    // The first question may have to make the connection; the shortest way there and back counts.
    private const int Questions = 4;
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(6);

    public async Task<ImmutableArray<PeerView>> AskAsync(CancellationToken cancellationToken)
    {
        if (membership.Current is null)
            return [];
        var others = (await directory.ListAsync(cancellationToken)).Where(host => host.Name != config.Name);
        return [.. await Task.WhenAll(others.Select(host => AskAsync(host.Name, cancellationToken)))];
    }

    private async Task<PeerView> AskAsync(string host, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        PeerView? best = null;
        try
        {
            for (var question = 0; question < Questions; question++)
            {
                var view = await AskOnceAsync(host, limit.Token);
                if (best is null || view.Uncertain < best.Uncertain)
                    best = view;
            }
            return best!;
        }
        catch (Exception e) when (PeerFailure.IsOne(e, cancellationToken))
        {
            return best ?? new PeerView(host, null, default, default, e is OperationCanceledException ? $"no answer within {AnswerLimit.TotalSeconds} s" : e.Message);
        }
    }

    private async Task<PeerView> AskOnceAsync(string host, CancellationToken cancellationToken)
    {
        var (asked, began) = (time.GetUtcNow(), time.GetTimestamp());
        var facts = await peers.Client(host).GetHostFactsAsync(cancellationToken);
        var oneWay = time.GetElapsedTime(began) / 2;
        return new PeerView(host, facts, facts.Now - (asked + oneWay), oneWay, null);
    }
}
