using System.Globalization;
using Godwit.Domains;
using Godwit.Pool;

namespace Godwit.Daemon.Registry;

/// <summary>What this host has seen of the registry lately: whether it serves, and if not, since when and why.</summary>
internal sealed class RegistrySight(TimeProvider time)
{
    private readonly Lock _lock = new();
    private DateTimeOffset? _since;
    private string? _reason;

    /// <summary>Why and since when it does not serve, for a person; null while it does.</summary>
    public string? Away
    {
        get
        {
            lock (_lock)
            {
                return _since is { } since
                    ? string.Create(CultureInfo.InvariantCulture, $"{_reason} This host has seen it so since {since.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z.")
                    : null;
            }
        }
    }

    /// <summary>Whether a failure says that the registry does not serve, and nothing of what was asked.</summary>
    public static bool IsAway(GodwitException e) => e.Code is RegistryErrors.Unavailable or RegistryErrors.Behind;

    public void Serves()
    {
        lock (_lock)
            (_since, _reason) = (null, null);
    }

    public void IsGone(string reason)
    {
        lock (_lock)
        {
            _since ??= time.GetUtcNow();
            _reason = reason.EndsWith('.') ? reason : reason + ".";
        }
    }
}
