using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Pool;
using Godwit.Storage;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Supervise;

/// <summary>What became of a guest that stopped, and that nobody told to.</summary>
internal abstract record StopFinding
{
    /// <summary>Another host has the domain, or nobody: <paramref name="By"/> is null where it was removed by one.</summary>
    public sealed record Superseded(DomainRecord? By) : StopFinding;

    /// <summary>Another host had the domain, and it was taken over for this one: the disks are to be taken back before anything goes on.</summary>
    public sealed record TakenBack(DomainRecord Record) : StopFinding;

    /// <summary>A disk had failed, and all answer again.</summary>
    public sealed record DisksAnswer : StopFinding;

    /// <summary>The domain is this host's, and no disk was known to have failed.</summary>
    public sealed record Ours : StopFinding;
}

/// <summary>
/// Looks into why a guest stopped that nobody told to. Either the record names another owner under a greater epoch: then
/// this copy is superseded. Or a disk failed: then it is asked until it answers again, and the guest may go on. A disk
/// that answers and goes on failing is asked less and less often.
/// </summary>
internal sealed class StopWatch(HostParts parts, StartedDomain domain)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);
    private readonly ILogger _log = parts.Logs.CreateLogger<StopWatch>();

    /// <param name="diskFailed">Pause before a disk that failed is asked; null when none has.</param>
    /// <param name="token">Ends the watch.</param>
    public async Task<StopFinding> RunAsync(TimeSpan? diskFailed, CancellationToken token)
    {
        while (true)
        {
            var record = await parts.Records.ReadAsync(domain.Record.Name, token);
            if (await Successor.IsThereAsync(parts, record, domain.Record.Epoch, domain.Disks, token))
                return new StopFinding.Superseded(record);
            if (record?.Owner == parts.Name && record is { Arriving: true } && record.Epoch > domain.Record.Epoch)
                return new StopFinding.TakenBack(record);
            if (diskFailed is not { } pause)
                return new StopFinding.Ours();
            await Task.Delay(pause, parts.Time, token);
            if (await AnswerAsync(token))
                return new StopFinding.DisksAnswer();
            diskFailed = AskAgain;
        }
    }

    private async Task<bool> AnswerAsync(CancellationToken token)
    {
        try
        {
            await Task.WhenAll(domain.Disks.Select(disk => parts.Disks.ProbeAsync(disk, token)));
            return true;
        }
        catch (GodwitException e)
        {
            Log.TryingAgain(_log, domain.Record.Name, "reach its disks", e);
            return false;
        }
    }
}
