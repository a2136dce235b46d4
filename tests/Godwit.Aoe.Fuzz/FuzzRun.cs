using System.Globalization;

namespace Godwit.Aoe.Fuzz;

/// <summary>Lives of targets, one after the other, until so many frames were sent.</summary>
/// <param name="Failure">What differed from the model, or was thrown, with the seed of the life; null when nothing did.</param>
/// <param name="GrownBytes">Memory that was in use after the last life and not after the first ones.</param>
/// <param name="Reached">How commands ended, as in <see cref="Outcomes"/>.</param>
public sealed record FuzzRun(long Frames, long Answered, int Lives, string? Failure, long GrownBytes, IReadOnlySet<string> Reached)
{
    /// <summary>
    /// All ways in which the commands end: of ATA the status and error registers, of all the error of AoE where there is one.
    /// </summary>
    public static IReadOnlyList<string> Outcomes { get; } =
    [
        "ata 40/00", "ata 41/04", "ata 41/10", "ata 41/24", "ata 41/40", "ata 61/04", "ata error 2", "ata error 5", "ata error 6",
        "config", "config error 2", "config error 4", "config error 5", "config error 6", "mask", "mask error 2", "mask error 5", "mask error 6",
        "reserve", "reserve error 2", "reserve error 5", "reserve error 6", "other error 1", "other error 5",
    ];

    private const int FramesOfALife = 20_000;

    /// <summary>Beyond it, something is kept that should not be.</summary>
    public const long MostGrownBytes = 16 << 20;

    public bool Held => Failure is null && GrownBytes < MostGrownBytes;

    /// <param name="firstSeed">Of the first life; the next has the next.</param>
    /// <param name="frames">How many are sent at least.</param>
    /// <param name="progress">Told how many were sent.</param>
    /// <param name="losesWrites">The medium loses one write in a hundred, which has to be found out.</param>
    public static FuzzRun Run(int firstSeed, long frames, Action<long>? progress = null, bool losesWrites = false)
    {
        var (sent, answered, lives, before) = (0L, 0L, 0, 0L);
        HashSet<string> reached = [];
        for (; sent < frames; lives++)
        {
            if (lives == 5) before = GC.GetTotalMemory(forceFullCollection: true);
            var share = Math.Min(FramesOfALife, frames - sent);
            var seed = firstSeed + lives;
            if (RunLife(new TargetLife(seed, reached, losesWrites), share, ref answered) is { } failure)
                return new FuzzRun(sent, answered, lives, string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {failure}"), 0, reached);
            sent += share;
            progress?.Invoke(sent);
        }
        return new FuzzRun(sent, answered, lives, null, lives > 5 ? GC.GetTotalMemory(forceFullCollection: true) - before : 0, reached);
    }

    private static string? RunLife(TargetLife life, long frames, ref long answered)
    {
        try
        {
            return life.Run(frames);
        }
        // Whatever it is, no frame may bring it about.
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return e.ToString();
        }
        finally
        {
            answered += life.Answered;
            life.Dispose();
        }
    }
}
