using Godwit.Domains;

namespace Godwit.Aoe.Initiator;

/// <summary>
/// A way to the target: one of our links, and an address that answers there. What is known of its state of traffic belongs to it
/// alone, for one may be slow or dead while the others are not. Belongs to the lock of <see cref="FrameExchange"/>.
/// <code>
///                 IDENTIFY shows the same target          silent for too long, frames waiting
///    Unproven ────────────────────────────────► Up ───────────────────────────────────► Down
///      │  ▲                                     │ ▲                                       │
///      │  └─ the target was started anew, and ──┘ └──── IDENTIFY shows the same target ───┘
///      │     another path has told of it
///      ├──── IDENTIFY shows another target ───► Foreign (asked again now and then)
///      └──── the fence does not admit us there ───► Refused (asked again and again)
/// </code>
/// Only one that is up carries anything but the questions that are meant for it.
/// </summary>
internal sealed class FramePath(LinkPort port, MacAddress target, TimeProvider time)
{
    public LinkPort Port => port;

    /// <summary>Ethernet address of the target.</summary>
    public MacAddress Target => target;

    public PathState State { get; set; } = PathState.Unproven;

    /// <summary>Whether it was up at some time: the address is the target's then, whatever it is started as later.</summary>
    public bool WasUp { get; set; }

    public SendWindow Window { get; } = new(1);

    public int WindowLimit { get; private set; } = 1;

    public RoundTrip RoundTrip { get; } = new(time);

    public LatencySamples Latency { get; } = new();

    /// <summary>Sectors that the target takes in a frame here, as it says.</summary>
    public int TargetSectors { get; set; }

    /// <summary>Sectors that a frame carries here: what the target takes, and our link.</summary>
    public int SectorsPerFrame { get; set; }

    public int InFlight { get; set; }

    public long Retransmits { get; set; }

    /// <summary>Since when it has not answered while it should have; 0: it owes nothing.</summary>
    public long WaitingSince { get; set; }

    /// <summary>Times that frames were lost since it answered last. Then others are better.</summary>
    public int Losses { get; set; }

    /// <summary>Frames were found lost in this round.</summary>
    public bool HasLost { get; set; }

    public long ProbedAt { get; set; }

    public bool Probing { get; set; }

    /// <summary>The last question that was asked on it, by <see cref="AoeInitiator"/>.</summary>
    public Task Probe { get; set; } = Task.CompletedTask;

    public bool HasRoom => State == PathState.Up && InFlight < Window.Size;

    public void SetWindowLimit(int limit)
    {
        if (limit == WindowLimit) return;
        WindowLimit = limit;
        Window.SetLimit(limit);
    }

    /// <summary>It has answered something.</summary>
    public void Hear(long now)
    {
        WaitingSince = InFlight > 1 ? now : 0;
        Losses = 0;
    }

    /// <summary>
    /// Whether a frame had better go here than there: where nothing was lost of late, and fewer are on their way. Not relative to
    /// the window: one that is small after a loss would get too little to grow again.
    /// </summary>
    public bool IsBetterThan(FramePath other) => (Losses > 0) == (other.Losses > 0) ? InFlight < other.InFlight : Losses == 0;
}

internal enum PathState
{
    /// <summary>It is not known yet whether the same target is at its end.</summary>
    Unproven = 1,

    Up,

    Down,

    /// <summary>Another target is at its end, with the same shelf and slot.</summary>
    Foreign,

    /// <summary>The target is at its end, and its fence does not admit our address there, while it admits another.</summary>
    Refused,
}
