using Godwit.Domains;

namespace Godwit.Simulation.Tests.World;

/// <summary>
/// The way of one host to a service (registry or storage): slow, now and then deaf in one direction, or away. A call
/// that fails may have been carried out or not, and may be carried out after its caller has given up.
/// </summary>
internal sealed class SimLink(string name, string unavailableCode, TimeProvider time, Random random, SynchronizationContext world, Trace trace)
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromMilliseconds(400);

    public bool Up { get; set; } = true;

    /// <summary>Share of calls of which the request or the reply is lost.</summary>
    public double Loss { get; set; }

    public async Task<T> CallAsync<T>(Func<T> service, CancellationToken cancellationToken)
    {
        await Task.Delay(Latency(), time, cancellationToken);
        if (!Up)
        {
            await Task.Delay(CallLimit, time, cancellationToken);
            throw Away("is away");
        }
        if (random.NextDouble() >= Loss)
        {
            var reply = service();
            await Task.Delay(Latency(), time, cancellationToken);
            return reply;
        }
        switch (random.Next(3))
        {
            case 0:
                trace.Add(name, "request lost");
                break;
            case 1:
                trace.Add(name, "reply lost");
                Try(service);
                break;
            default:
                trace.Add(name, "request late");
                Late(service);
                break;
        }
        await Task.Delay(CallLimit, time, cancellationToken);
        throw Away("did not answer");
    }

    // Carried out when nobody waits for it any more. It is the world's doing: the daemon may be dead by then.
    private void Late<T>(Func<T> service)
    {
        var delay = TimeSpan.FromMilliseconds(random.Next(1, 3000));
        ITimer? timer = null;
        timer = time.CreateTimer(
            _ =>
            {
                timer?.Dispose();
                world.Post(_ => Try(service), null);
            },
            null, delay, Timeout.InfiniteTimeSpan);
    }

    private void Try<T>(Func<T> service)
    {
        try
        {
            service();
        }
        catch (GodwitException e)
        {
            trace.Add(name, $"refused: {e.Code}");
        }
    }

    private TimeSpan Latency() => TimeSpan.FromTicks(random.Next(500, 20_000));

    private GodwitException Away(string what) => new(unavailableCode, $"{name} {what}.");
}
