using Godwit.Domains;

namespace Godwit.Hypervisors;

/// <summary>Refusals that all drivers have in common.</summary>
public static class HypervisorErrors
{
    public const string NotWithThisEngine = "not-with-this-engine";

    /// <summary>Memory and processors are what they were at the start for as long as the domain runs.</summary>
    public static GodwitException CannotResize(string domain, string engine) => new(
        NotWithThisEngine,
        $"{domain} runs on {engine}, where Godwit does not change memory or processors of a domain that runs.",
        $"Change memory or vcpus in its configuration file, and start it anew: godwit shutdown -w {domain} && godwit create FILE.");
}
