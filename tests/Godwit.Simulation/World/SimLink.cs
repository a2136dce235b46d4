using Godwit.Domains;

namespace Godwit.Simulation.World;

/// <summary>
/// The way of one host to a service (registry or storage): slow, now and then deaf in one direction, or away. A call
/// that fails may have been carried out or not, may be carried out after its caller has given up, or twice.
/// </summary>
internal sealed class SimLink(string name, string unavailableCode, SimWorld world)
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromMilliseconds(400);

    /// <summary>Requests reach the service.</summary>
    public bool Up { get; set; } = true;

    /// <summary>Replies do not come back, though requests arrive, some of them late.</summary>
    public bool Deaf { get; set; }

    /// <summary>Share of calls of which the request or the reply is lost.</summary>
    public double Loss { get; set; }

    /// <summary>Added to each way, in milliseconds.</summary>
    public int Slow { get; set; }

    public void Mend() => (Up, Deaf, Loss, Slow) = (true, false, 0, 0);

    public async Task<T> CallAsync<T>(Func<T> service, CancellationToken cancellationToken)
    {
        await Task.Delay(Latency(), world.Time, cancellationToken);
        if (!Up)
        {
            await Task.Delay(CallLimit, world.Time, cancellationToken);
            throw Away("is away");
        }
        if (!Deaf && world.Random.NextDouble() >= Loss)
        {
            var reply = service();
            if (Loss > 0 && world.Random.Next(4) == 0)
                Late(service, "request repeated");
            await Task.Delay(Latency(), world.Time, cancellationToken);
            return reply;
        }
        switch (world.Random.Next(3))
        {
            case 0 when !Deaf:
                world.Trace.Add(name, "request lost");
                break;
            case 1:
                Late(service, "request late");
                break;
            default:
                world.Trace.Add(name, "reply lost");
                Try(service);
                break;
        }
        await Task.Delay(CallLimit, world.Time, cancellationToken);
        throw Away("did not answer");
    }

    // Carried out when nobody waits for it any more. It is the world's doing: the daemon may be dead by then.
    private void Late<T>(Func<T> service, string what)
    {
        world.Trace.Add(name, what);
        world.After(TimeSpan.FromMilliseconds(world.Random.Next(1, 3000)), () => world.Scheduler.Root.Post(_ => Try(service), null));
    }

    private void Try<T>(Func<T> service)
    {
        try
        {
            service();
        }
        catch (GodwitException e)
        {
            world.Trace.Add(name, $"refused: {e.Code}");
        }
    }

    private TimeSpan Latency() => TimeSpan.FromTicks(world.Random.Next(500, 20_000) + Slow * TimeSpan.TicksPerMillisecond);

    private GodwitException Away(string what) => new(unavailableCode, $"{name} {what}.");
}
