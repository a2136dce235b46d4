using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Domains.Config;

namespace Godwit.Cli.Configurations;

/// <summary>What <c>config check</c> has to say of a file, for programs.</summary>
/// <param name="Ok">A domain can be made from it.</param>
/// <param name="Spec">What was understood; null where an error left no meaning.</param>
/// <param name="Devices">What the guest will call its disks, in their order.</param>
/// <param name="Root">The root device as the guest will be told; null where the file names none, or none of its disks.</param>
internal sealed record ConfigReport(
    string File,
    bool Ok,
    DomainSpec? Spec,
    ImmutableArray<string> Devices,
    string? Root,
    ImmutableArray<ConfigFinding> Findings)
{
    public static ConfigReport Of(DomainFile file)
    {
        var spec = file.Understood.Spec;
        return new ConfigReport(
            file.Path, !file.HasErrors, spec,
            spec is null ? [] : [.. GuestDevices.Of(spec.Disks)],
            spec?.Root is null ? null : GuestDevices.MapRoot(spec.Root, spec.Disks),
            [.. file.Understood.Diagnostics.Select(d => new ConfigFinding(
                d.Severity.ToString().ToLowerInvariant(), d.Span.Line, d.Span.Column, d.Message, d.Hint))]);
    }
}

/// <param name="Line">Counted from 1, as is the column.</param>
internal sealed record ConfigFinding(string Severity, int Line, int Column, string Message, string? Remedy);
