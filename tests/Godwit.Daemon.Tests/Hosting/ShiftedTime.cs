namespace Godwit.Daemon.Tests.Hosting;

/// <summary>The real clock, moved on as a test wants; timers run as they always do.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    public TimeSpan Shift { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;
}
