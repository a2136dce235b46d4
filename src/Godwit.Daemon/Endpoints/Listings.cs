using System.Collections.Immutable;
using Godwit.Api;

namespace Godwit.Daemon.Endpoints;

/// <summary>Answers with lists that may lack something.</summary>
internal static class Listings
{
    /// <summary>The list, with the reason in the header where the registry could not be asked for it.</summary>
    public static ImmutableArray<T> Answer<T>(this Listing<T> listing, HttpResponse response)
    {
        if (listing.RegistryAway is { } away)
            response.Headers[ApiHeaders.RegistryAway] = Uri.EscapeDataString(away);
        return listing.Items;
    }
}
