using System.Collections.Immutable;

namespace Godwit.Api;

/// <summary>Whether a host is fit for its part in the pool: all that was looked at, not the first thing that is wrong.</summary>
/// <param name="Host">Name of the host that looked at itself.</param>
public sealed record HostCheckReport(string Host, ImmutableArray<HostFinding> Findings)
{
    /// <summary>Nothing was found that keeps it from doing its part.</summary>
    public bool Fit => Findings.All(finding => finding.Level != FindingLevel.Error);
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Check">Stable name of the check in kebab-case, such as <c>kvm</c>; one may have several findings.</param>
/// <param name="Message">What was found, in a sentence.</param>
/// <param name="Remedy">What to do about it; null where nothing is to be done.</param>
public sealed record HostFinding(string Check, FindingLevel Level, string Message, string? Remedy = null);

public enum FindingLevel
{
    Ok = 1,

    /// <summary>It could not be found out; the message says why.</summary>
    Unknown,

    /// <summary>The host does its part, though less well than it could.</summary>
    Warning,

    /// <summary>The host cannot do its part.</summary>
    Error,
}

/// <summary>What a host says of itself, for lists in the manner of <c>xm</c> and for hosts that compare themselves with it.</summary>
/// <param name="Now">Its wall clock at the moment of the answer.</param>
/// <param name="Version">Of its godwitd.</param>
/// <param name="Kernel">Release of its kernel, as <c>uname -r</c> prints it.</param>
/// <param name="MemoryMiB">All of its memory.</param>
/// <param name="FreeMemoryMiB">What its kernel could give without swapping.</param>
/// <param name="CpuSeconds">Processor time since it was started, in seconds, guests' included.</param>
/// <param name="StorageInterfaces">Its network interfaces on the storage network, as far as they are there.</param>
/// <param name="EngineVersion">Null where it has no engine.</param>
public sealed record HostFacts(
    string Name,
    DateTimeOffset Now,
    string Version,
    string Kernel,
    int Processors,
    long MemoryMiB,
    long FreeMemoryMiB,
    double CpuSeconds,
    ImmutableArray<StorageInterface> StorageInterfaces,
    string? EngineVersion = null);

/// <param name="Mac">Ethernet address, as <c>02:00:00:00:00:01</c>.</param>
/// <param name="Mtu">Greatest payload of a frame, in bytes.</param>
public sealed record StorageInterface(string Name, string Mac, int Mtu, bool Up);

/// <summary>Whether one host reaches another's port.</summary>
/// <param name="Failure">Why not; null when it does.</param>
public sealed record ReachAnswer(string? Failure = null);
