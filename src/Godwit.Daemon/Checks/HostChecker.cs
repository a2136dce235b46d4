using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Queries;
using Godwit.Daemon.Transport;
using Godwit.Domains;
using Godwit.Pool;

namespace Godwit.Daemon.Checks;

/// <summary>Carries out all checks at once, each within a time of its own: one that fails says so and leaves the others alone.</summary>
internal sealed class HostChecker(
    DaemonConfig config, IEnumerable<IHostCheck> checks, PeerSurvey survey, PeerDirectory directory, PeerConnections peers)
{
    private static readonly TimeSpan CheckLimit = TimeSpan.FromSeconds(20);

    /// <summary>Longer than another host needs for its own checks.</summary>
    private static readonly TimeSpan HostLimit = CheckLimit + TimeSpan.FromSeconds(5);

    public async Task<HostCheckReport> CheckAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(CheckLimit);
        var round = new CheckRound(survey.AskAsync, limit.Token);
        var findings = await Task.WhenAll(checks.Select(check => RunAsync(check, round, limit.Token, cancellationToken)));
        return new HostCheckReport(config.Name, [.. findings.SelectMany(found => found)]);
    }

    /// <summary>This host and all others of the pool; one that does not answer has that as its only finding.</summary>
    public async Task<ImmutableArray<HostCheckReport>> CheckAllAsync(CancellationToken cancellationToken)
    {
        var hosts = await directory.ListAsync(cancellationToken);
        return [.. await Task.WhenAll(hosts.Select(host => host.Name == config.Name ? CheckAsync(cancellationToken) : AskAsync(host, cancellationToken)))];
    }

    private static async Task<IEnumerable<HostFinding>> RunAsync(
        IHostCheck check, CheckRound round, CancellationToken limit, CancellationToken cancellationToken)
    {
        try
        {
            return [.. await Task.Run(() => check.RunAsync(round, limit), limit).WaitAsync(limit)];
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return [new Finder(check.Name).Unknown($"It could not be found out within {CheckLimit.TotalSeconds} s.", "Check again; the host may be busy.")];
        }
        catch (Exception e) when (e is GodwitException or IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            return [new Finder(check.Name).Unknown($"It could not be found out: {e.Message}")];
        }
    }

    private async Task<HostCheckReport> AskAsync(HostRecord host, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(HostLimit);
        try
        {
            return await peers.Client(host.Name).CheckHostAsync(limit.Token);
        }
        catch (Exception e) when (PeerFailure.IsOne(e, cancellationToken))
        {
            var why = e is OperationCanceledException ? $"within {HostLimit.TotalSeconds} s" : $"at {host.Address}: {e.Message}";
            return new HostCheckReport(host.Name,
                [new Finder("answers").Error($"{host.Name} does not answer {why}", "See that it is on, that its godwitd runs, and that the port is open.")]);
        }
    }
}
