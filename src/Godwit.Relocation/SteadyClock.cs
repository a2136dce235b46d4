namespace Godwit.Relocation;

/// <summary>
/// The wall clock as it was when a relocation began, carried on by the monotonic one: time stamps within a relocation can be
/// subtracted, whoever sets the clock of the host meanwhile.
/// </summary>
internal sealed class SteadyClock(TimeProvider time)
{
    private readonly long _origin = time.GetTimestamp();

    public DateTimeOffset Began { get; } = time.GetUtcNow();

    public DateTimeOffset Now => Began + time.GetElapsedTime(_origin);

    /// <summary>
    /// A stamp that an engine of this host has made by the wall clock since: as that is set now, or as it was at first. One
    /// that fits neither was made between two settings, and the moment in which it is heard stands for it.
    /// </summary>
    public DateTimeOffset Of(DateTimeOffset stamp)
    {
        var now = Now;
        var set = time.GetUtcNow() - now;
        return IsWithin(stamp - set) ? stamp - set : IsWithin(stamp) ? stamp : now;

        bool IsWithin(DateTimeOffset at) => at >= Began && at <= now;
    }
}
