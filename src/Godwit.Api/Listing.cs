using System.Collections.Immutable;
using System.Net;

namespace Godwit.Api;

/// <summary>A list of the pool's, which may lack something.</summary>
/// <param name="Items">What is known.</param>
/// <param name="RegistryAway">Why the list may not be whole: what is known of a registry that is away; null when it is whole.</param>
public sealed record Listing<T>(ImmutableArray<T> Items, string? RegistryAway)
{
    /// <summary>Code under which a list that is not whole is refused or noted.</summary>
    public const string Code = "registry-unavailable";

    /// <summary>For whoever concludes something from what is not in the list.</summary>
    /// <exception cref="ApiException">It is not whole.</exception>
    public ImmutableArray<T> Whole() => RegistryAway is null
        ? Items
        : throw new ApiException(new ApiError(Code, RegistryAway), HttpStatusCode.ServiceUnavailable);
}
