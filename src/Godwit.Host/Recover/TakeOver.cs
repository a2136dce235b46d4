using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Ownership;

namespace Godwit.Host.Recover;

/// <summary>Makes this host the owner of a domain because another host is gone for good.</summary>
internal static class TakeOver
{
    /// <returns>The record under its new epoch.</returns>
    /// <exception cref="GodwitException">There is no such domain, it is this host's, or somebody changed it meanwhile.</exception>
    public static async Task<DomainRecord> RecordAsync(HostParts parts, string domain, CancellationToken token)
    {
        var seen = await parts.Records.ReadAsync(domain, token) ?? throw DomainTask.NoSuchDomain(domain);
        if (seen.Owner == parts.Name)
        {
            throw new GodwitException(
                "domain-is-here", $"{domain} belongs to {parts.Name} already.",
                seen.Intent is null ? $"See `godwit info {domain}`." : $"End its move with `godwit migration cancel {domain}`.");
        }
        var attempt = parts.Resources.NewId();
        return await parts.Records.ChangeAsync(
            domain,
            r => r.Owner == parts.Name && r.Epoch > seen.Epoch,
            r => r.Epoch == seen.Epoch && r.Owner == seen.Owner ? Transitions.TakeOver(r, parts.Name, attempt) : null,
            token) ?? throw new GodwitException(
                "superseded", $"The record of {domain} was changed by somebody else at this moment.", $"Look again: `godwit info {domain}`.");
    }
}
