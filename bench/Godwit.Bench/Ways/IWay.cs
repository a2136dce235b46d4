namespace Godwit.Bench.Ways;

/// <summary>One way of moving a guest between the two hosts.</summary>
internal interface IWay
{
    Guest Guest { get; }

    /// <summary>Starts the guest on the first host.</summary>
    Task StartAsync(CancellationToken ct);

    /// <summary>Moves it, and returns when the command has ended and the source is clear.</summary>
    Task<TimedMove> MoveAsync(string from, string to, CancellationToken ct);

    Task PauseAsync(string host, CancellationToken ct);

    Task UnpauseAsync(string host, CancellationToken ct);

    /// <summary>Ends the guest, which is on the first host.</summary>
    Task StopAsync(CancellationToken ct);
}
