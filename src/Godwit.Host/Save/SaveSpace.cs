using Godwit.Domains;

namespace Godwit.Host.Save;

/// <summary>Whether a domain's memory has room before anything is begun: a guest would stand while the rest is found not to fit.</summary>
internal static class SaveSpace
{
    /// <summary>Header, devices, and what an engine says about each page, in MiB.</summary>
    private const long BesideMemoryMiB = 64;

    /// <exception cref="GodwitException">It has not.</exception>
    public static void Demand(ISavedStore store, DomainSpec spec)
    {
        var (needed, free) = (spec.MemoryMiB + BesideMemoryMiB, store.FreeBytes >> 20);
        if (needed <= free)
            return;
        throw new GodwitException(
            "no-space-for-memory",
            $"The memory of {spec.Name} needs {needed} MiB in {store.Place}; {free} MiB are free.",
            "Make room there, or move the domain to another host while it runs: `godwit migrate`.");
    }
}
