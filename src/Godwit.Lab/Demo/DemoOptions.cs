namespace Godwit.Lab.Demo;

/// <summary>What the demo is asked for.</summary>
public sealed record DemoOptions
{
    /// <summary><c>debian</c> or <c>tiny</c>.</summary>
    public string Image { get; init; } = "debian";

    /// <summary>How often the domain goes there and back; each is two migrations.</summary>
    public int RoundTrips { get; init; } = 3;

    /// <summary>Where to write the figures as JSON; null for nowhere.</summary>
    public string? JsonFile { get; init; }

    /// <summary>Leave the lab up at the end.</summary>
    public bool Keep { get; init; }

    public string LabName { get; init; } = "godwit";
}
