using Godwit.Relocation;
using Godwit.Simulation.World;

namespace Godwit.Simulation.Histories.Faults;

/// <summary>Where faults are brought about: the world, and the move under way in it. Knows when all that last have ended.</summary>
internal sealed class Stage(SimWorld world)
{
    private Func<RelocationTicket?> _ticket = static () => null;

    public SimWorld World => world;

    public SimHost Source { get; private set; } = null!;

    public SimHost Destination { get; private set; } = null!;

    /// <summary>Null until the move has begun.</summary>
    public RelocationTicket? Ticket => _ticket();

    /// <summary>When the last of the faults that last has ended.</summary>
    public TimeSpan BusyUntil { get; private set; }

    public void BeginMove(SimHost source, SimHost destination, Func<RelocationTicket?> ticket) =>
        (Source, Destination, _ticket) = (source, destination, ticket);

    public void Last(TimeSpan lasts)
    {
        var until = world.Scheduler.Elapsed + lasts;
        BusyUntil = until > BusyUntil ? until : BusyUntil;
    }

    /// <summary>Ends a fault after a while.</summary>
    public void For(int longest, Action end)
    {
        var lasts = TimeSpan.FromMilliseconds(world.Random.Next(1, longest));
        Last(lasts);
        world.After(lasts, end);
    }

    public void Disturb(IEnumerable<SimLink> links, Action<SimLink> disturb, int longest)
    {
        var disturbed = links.ToList();
        foreach (var link in disturbed)
            disturb(link);
        For(longest, () =>
        {
            foreach (var link in disturbed)
                link.Mend();
        });
    }
}
