using Godwit.Domains;
using Godwit.Host.Create;
using Godwit.Pool;
using Godwit.Storage;
using Microsoft.Extensions.Logging;

namespace Godwit.Host.Supervise;

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
    /// <param name="superseded">Called with the record that names another owner; null: the domain was removed by one.</param>
    /// <param name="disksAnswer">Called once all disks answer.</param>
    /// <param name="token">Ends the watch.</param>
    public async Task RunAsync(TimeSpan? diskFailed, Action<DomainRecord?> superseded, Action disksAnswer, CancellationToken token)
    {
        try
        {
            while (true)
            {
                var record = await parts.Records.ReadAsync(domain.Record.Name, token);
                if (await Successor.IsThereAsync(parts, record, domain.Record.Epoch, domain.Disks, token))
                {
                    superseded(record);
                    return;
                }
                if (diskFailed is not { } pause)
                    return;
                await Task.Delay(pause, parts.Time, token);
                if (await AnswerAsync(token))
                {
                    disksAnswer();
                    return;
                }
                diskFailed = AskAgain;
            }
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // The daemon ends; the next one finds the copy as it is.
        }
        catch (Exception e)
        {
            Log.TaskFailed(_log, domain.Record.Name, e);
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
