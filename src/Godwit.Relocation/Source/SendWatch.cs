using Godwit.Hypervisors;

namespace Godwit.Relocation.Source;

/// <summary>Reports how pre-copy goes on, as the engine counts it.</summary>
internal sealed class SendWatch(IDomainCopy copy, RelocationTicket ticket, SteadyClock clock, TimeProvider time)
{
    /// <summary>Often at first; then less so: each look costs time of the processor that the pages need.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200), LongInterval = TimeSpan.FromSeconds(1);
    private const int ShortLooks = 10;

    /// <summary>The round that is under way: the engine tells of each, also between two looks.</summary>
    public int Round
    {
        get;
        set => (field, Last) = (value, Last with { Round = value });
    }

    public RelocationProgress Last { get; private set; } = new(default, RelocationStep.Check);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var looks = 0; !cancellationToken.IsCancellationRequested && ticket.Step == RelocationStep.PreCopy; looks++)
        {
            await Task.Delay(looks < ShortLooks ? Interval : LongInterval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            if (ticket.Step != RelocationStep.PreCopy || cancellationToken.IsCancellationRequested)
                return;
            var progress = await copy.QuerySendAsync(cancellationToken);
            Round = Math.Max(Round, progress.Round);
            Last = new RelocationProgress(clock.Now, RelocationStep.PreCopy)
            {
                Round = Round,
                SentBytes = progress.SentBytes,
                RemainingBytes = progress.RemainingBytes,
                TotalBytes = progress.TotalBytes,
                DirtyBytesPerSecond = progress.DirtyBytesPerSecond,
                BytesPerSecond = progress.BytesPerSecond,
                Expected = Expect(progress),
            };
            ticket.Report(Last);
        }
    }

    /// <summary>
    /// When the rest will have been sent, if guest and line go on as they do: each round leaves what was dirtied
    /// while it ran, so the rounds are a geometric series. Null when the guest dirties faster than the line carries.
    /// </summary>
    internal static TimeSpan? Expect(SendProgress progress)
    {
        var gain = progress.BytesPerSecond - progress.DirtyBytesPerSecond;
        return gain <= 0 ? null : TimeSpan.FromSeconds((double)progress.RemainingBytes / gain);
    }
}
