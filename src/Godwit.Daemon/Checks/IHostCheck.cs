using Godwit.Api;

namespace Godwit.Daemon.Checks;

/// <summary>
/// Looks at one thing that a host needs. Measuring and judging are apart: <see cref="RunAsync"/> gathers facts, and a static
/// <c>Judge</c> beside it says what they mean.
/// </summary>
internal interface IHostCheck
{
    /// <summary>Name of its findings.</summary>
    string Name { get; }

    /// <returns>None where the matter does not concern this host: a bridge, where no domains run.</returns>
    Task<IEnumerable<HostFinding>> RunAsync(CheckRound round, CancellationToken cancellationToken);
}

/// <summary>Makes the findings of a check.</summary>
internal sealed record Finder(string Check)
{
    public HostFinding Ok(string message) => new(Check, FindingLevel.Ok, message);

    public HostFinding Unknown(string message, string? remedy = null) => new(Check, FindingLevel.Unknown, message, remedy);

    public HostFinding Warning(string message, string remedy) => new(Check, FindingLevel.Warning, message, remedy);

    public HostFinding Error(string message, string remedy) => new(Check, FindingLevel.Error, message, remedy);
}
