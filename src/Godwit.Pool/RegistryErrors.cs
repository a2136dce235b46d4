namespace Godwit.Pool;

/// <summary>Stable codes of errors that registries throw.</summary>
public static class RegistryErrors
{
    /// <summary>It does not answer, or cannot now: nothing is known of what became of the call.</summary>
    public const string Unavailable = "registry-unavailable";

    /// <summary>It was restored from an older copy and serves nothing of domains until it has caught up.</summary>
    public const string Behind = "registry-behind";
}
