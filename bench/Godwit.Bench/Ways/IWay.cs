namespace Godwit.Bench.Ways;

/// <summary>One way of moving the guest between resource-1 and resource-2.</summary>
internal interface IWay
{
    string Name { get; }

    /// <summary>Starts the guest on resource-1.</summary>
    Task StartAsync(CancellationToken ct);

    /// <summary>Moves it to the other host. Returns total, downtime in ms and bytes.</summary>
    Task<(double TotalMs, double DowntimeMs, long Bytes)> MoveAsync(string from, string to, CancellationToken ct);

    /// <summary>Ends the guest and all that was started for it.</summary>
    Task StopAsync(CancellationToken ct);
}
