using Godwit.Aoe.Initiator;

namespace Godwit.Aoe.Guests.Power;

/// <summary>A user of Godwit's initiator: writes from several tasks, and flushes now and then; what a flush covers is a promise.</summary>
internal sealed class CachingWriter(AoeInitiator initiator, CutDisk disk, int seed)
{
    private const int Tasks = 8;
    private readonly long[] _written = new long[disk.Blocks];
    private long _writes, _flushes;

    public long Writes => Interlocked.Read(ref _writes);

    public long Flushes => Interlocked.Read(ref _flushes);

    /// <summary>Writes until it is told to stop, or the initiator fails.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var tasks = Enumerable.Range(0, Tasks).Select(task => Task.Run(() => WriteAsync(task, stop), CancellationToken.None));
        await Task.WhenAll([.. tasks, Task.Run(() => FlushNowAndThenAsync(stop), CancellationToken.None)]).ConfigureAwait(false);
    }

    public async Task FlushAsync()
    {
        var written = _written.Select((_, block) => Interlocked.Read(ref _written[block])).ToArray();
        await initiator.FlushAsync().ConfigureAwait(false);
        for (var block = 0; block < written.Length; block++) disk.Promise(block, written[block]);
        Interlocked.Increment(ref _flushes);
    }

    private async Task WriteAsync(int task, CancellationToken stop)
    {
        var (random, data) = (new Random(seed + task), new byte[CutDisk.BlockBytes]);
        while (!stop.IsCancellationRequested)
        {
            var block = random.Next(disk.Blocks / Tasks) * Tasks + task;
            var version = disk.Send(block, data);
            await initiator.WriteAsync((long)block * CutDisk.BlockBytes, data).ConfigureAwait(false);
            Interlocked.Exchange(ref _written[block], version);
            Interlocked.Increment(ref _writes);
        }
    }

    private async Task FlushNowAndThenAsync(CancellationToken stop)
    {
        var random = new Random(seed - 1);
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(random.Next(20, 200), CancellationToken.None).ConfigureAwait(false);
            await FlushAsync().ConfigureAwait(false);
        }
    }
}
