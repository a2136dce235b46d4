using System.Diagnostics;
using Godwit.Aoe.Initiator;
using Godwit.Aoe.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Aoe.Guests.Power;

/// <summary>A writer, the end of the power in the middle of it, and the machine's restart.</summary>
internal sealed class PowerCut(StorageMachine machine, CutDisk disk, Random random, AoeAddress address)
{
    /// <summary>What a writer has done before the power goes: one that was slow to begin would lose nothing.</summary>
    private const int LeastWrites = 30, LeastFlushes = 2;
    private static readonly TimeSpan s_goesOnFor = TimeSpan.FromMilliseconds(500), s_beginsWithin = TimeSpan.FromSeconds(30), s_look = TimeSpan.FromMilliseconds(10);

    public long Writes { get; private set; }

    public long Flushes { get; private set; }

    /// <returns>What went wrong; null when nothing did. What is on the disk is another's to look at.</returns>
    public async Task<string?> DurableAsync(CancellationToken ct)
    {
        using var link = machine.Open(AoeFilters.Answers(address));
        using var stop = new CancellationTokenSource();
        var writer = new DurableWriter(link, address, disk, random);
        var writing = Task.Factory.StartNew(() => writer.Run(stop.Token), ct, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await CutAsync(() => writer.Answered >= LeastWrites, ct).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await writing.ConfigureAwait(false);
        Writes = writer.Answered;
        await machine.StartAsync(ct).ConfigureAwait(false);
        return Writes == 0 ? "no write was answered" : null;
    }

    /// <inheritdoc cref="DurableAsync"/>
    public async Task<string?> CachingAsync(bool livesOn, CancellationToken ct)
    {
        var link = new CutLink(machine.Open(AoeFilters.Answers(address)));
        var initiator = await AoeInitiator.ConnectAsync(
            link, address, new InitiatorOptions(), TimeProvider.System, NullLogger.Instance, ct).ConfigureAwait(false);
        using var stop = new CancellationTokenSource();
        var writer = new CachingWriter(initiator, disk, random.Next());
        var writing = writer.RunAsync(stop.Token);
        string? failure = null;
        try
        {
            await CutAsync(() => writer.Writes >= LeastWrites && writer.Flushes >= LeastFlushes, ct).ConfigureAwait(false);
            if (!livesOn) link.Cut();
            await machine.StartAsync(ct).ConfigureAwait(false);
            if (livesOn)
            {
                await Task.Delay(s_goesOnFor, ct).ConfigureAwait(false);
                await stop.CancelAsync().ConfigureAwait(false);
                await writing.ConfigureAwait(false);
                await writer.FlushAsync().ConfigureAwait(false);
            }
        }
        catch (TargetErrorException e)
        {
            failure = e.Message;
        }
        (Writes, Flushes) = (writer.Writes, writer.Flushes);
        await stop.CancelAsync().ConfigureAwait(false);
        // Whoever ends with the power still waits here for answers, until the initiator gives up.
        await initiator.DisposeAsync().ConfigureAwait(false);
        if (!livesOn) await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return failure ?? (Writes == 0 || Flushes == 0 ? "nothing was written and flushed" : null);
    }

    private async Task CutAsync(Func<bool> isAtWork, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        while (!isAtWork() && Stopwatch.GetElapsedTime(began) < s_beginsWithin) await Task.Delay(s_look, ct).ConfigureAwait(false);
        await Task.Delay(random.Next(300, 1500), ct).ConfigureAwait(false);
        machine.CutPower();
    }
}
