namespace Godwit.Hypervisors.Xen;

/// <summary>How this host runs Xen's domains.</summary>
public sealed record XenOptions
{
    /// <summary>Name or path of the toolstack's program.</summary>
    public string Xl { get; init; } = "xl";

    /// <summary>
    /// Holds one directory per copy, and Godwit's hotplug scripts. On a memory file system, so that a host that restarts finds
    /// none. The same on every host of the pool: a domain that moves takes the paths of its scripts along.
    /// </summary>
    public string RunDirectory { get; init; } = "/run/godwit/xen";

    /// <summary>Where xenstored listens.</summary>
    public string StoreSocket { get; init; } = "/run/xenstored/socket";

    /// <summary>How long one step of xl's may take that nothing but itself can hinder.</summary>
    public TimeSpan StepLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long Xen may take to free the memory of a domain that has been destroyed.</summary>
    public TimeSpan EndLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long Xen's block backend may take to see that its device has grown, which it looks for by itself.</summary>
    public TimeSpan GrowLimit { get; init; } = TimeSpan.FromSeconds(10);
}
