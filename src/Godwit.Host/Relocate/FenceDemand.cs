using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Storage;

namespace Godwit.Host.Relocate;

/// <summary>A domain moves only where its storage can keep the host that it left from writing, or where a person answers for that.</summary>
internal static class FenceDemand
{
    /// <param name="domain">The domain that is to move.</param>
    /// <param name="unfenced">Those of its disks that have no fence.</param>
    /// <exception cref="GodwitException">There is one. A file is let through: its destination says that it does not have it.</exception>
    public static void Check(string domain, ImmutableArray<DiskIdentity> unfenced)
    {
        if (unfenced.FirstOrDefault(disk => disk.Kind != DiskKind.File) is not { } disk)
            return;
        throw new GodwitException(
            "disk-not-fenced",
            $"No other host can be kept from writing to {disk.Name} of {domain}: after a move that fails, two hosts could write to it.",
            "Put it on a volume of the pool, or move the domain with --unfenced if its storage keeps other writers out by itself.");
    }
}
