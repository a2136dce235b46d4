namespace Godwit.Domains;

/// <summary>
/// What the record of the pool says of a domain. How a copy of it fares at this moment on a host is
/// the driver's to say.
/// </summary>
public enum RunState
{
    /// <summary>It should run on its owner.</summary>
    Running = 1,

    /// <summary>A user paused it: it arrives paused after a move as well.</summary>
    Paused,

    /// <summary>It ended and is kept for a look (<c>on_poweroff="preserve"</c> and the like).</summary>
    ShutOff,

    /// <summary>Its guest crashed and is kept for a look.</summary>
    Crashed,

    /// <summary>Its memory lies in a file of its owner, and nothing of it runs.</summary>
    Saved,
}
