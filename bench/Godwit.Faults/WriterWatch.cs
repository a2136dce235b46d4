using System.Net.Sockets;
using Godwit.Lab.Measure;

namespace Godwit.Faults;

/// <summary>
/// Listens to the guest's writer for as long as the lab stands, over as many connections as it takes, and keeps what
/// the guest has ever said is on its disk.
/// </summary>
internal sealed class WriterWatch : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ConnectTakes = TimeSpan.FromSeconds(2);
    private readonly FaultLab _lab;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;

    public WriterWatch(FaultLab lab)
    {
        _lab = lab;
        _watching = WatchAsync(_stop.Token);
    }

    /// <summary>Number of the last line that the guest said is durable.</summary>
    public long Last { get; private set; }

    /// <summary>How often a connection has ended: each time a guest did.</summary>
    public int Breaks { get; private set; }

    /// <summary>A line that the guest had said is durable, and wrote again: the first was lost.</summary>
    public string? Lost { get; private set; }

    /// <summary>Waits for lines beyond this one.</summary>
    /// <exception cref="TimeoutException">None came.</exception>
    public async Task PassAsync(long line, TimeSpan limit, CancellationToken ct)
    {
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        while (Last <= line)
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(began) > limit)
                throw new TimeoutException($"the guest's writer says nothing after line {line} for {limit.TotalSeconds:0} s");
            await Task.Delay(Look, ct);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task WatchAsync(CancellationToken token)
    {
        while (true)
        {
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
                limit.CancelAfter(ConnectTakes);
                await using var connection = await _lab.OpenWriterAsync(limit.Token);
                await FollowAsync(connection, token);
                Breaks++;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException && !token.IsCancellationRequested)
            {
                await Task.Delay(Look, token); // No guest at the moment, or it is booting.
            }
        }
    }

    private async Task FollowAsync(WriterConnection connection, CancellationToken token)
    {
        var first = true;
        while (true)
        {
            var figures = connection.Figures;
            if (figures.Acknowledged > 0)
            {
                if (first && figures.First <= Last)
                    Lost ??= $"the guest wrote line {figures.First} again after it had said that {Last} is durable";
                first = false;
                Last = Math.Max(Last, figures.Last);
            }
            if (!figures.Unbroken)
                return;
            await Task.Delay(Look, token);
        }
    }
}
