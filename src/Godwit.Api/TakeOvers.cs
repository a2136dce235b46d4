namespace Godwit.Api;

public sealed record TakeOverRequest
{
    /// <summary>Take it although the daemon of its owner answers.</summary>
    public bool Force { get; init; }
}

/// <summary>A take-over that the registry has accepted.</summary>
/// <param name="Domain">Name of the domain.</param>
/// <param name="From">Host that had it.</param>
/// <param name="Host">Host that has it now, and settles it.</param>
public sealed record TakeOverInfo(string Domain, string From, string Host);
