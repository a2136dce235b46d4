namespace Godwit.Faults;

/// <summary>A step of the protocol's table, and the failpoint at which a relocation is in it.</summary>
/// <param name="Number">Its place in the table, from 1.</param>
/// <param name="Name">Its name in the table.</param>
/// <param name="OnSource">The side whose failpoint it is.</param>
/// <param name="Point">Name of the failpoint, reached just before the action of that name.</param>
/// <param name="Later">The relocation goes on for so long before the fault: a step that one action begins and that then lasts.</param>
internal sealed record Step(int Number, string Name, bool OnSource, string Point, TimeSpan Later = default)
{
    public static readonly IReadOnlyList<Step> All =
    [
        new(1, "check", false, "destination.Judge"),
        new(2, "begin", true, "source.RecordIntent"),
        // All is prepared, and the source has not heard of it.
        new(3, "prepare", false, "destination.SendPrepared"),
        new(4, "pre-copy", true, "source.BeginSending", TimeSpan.FromMilliseconds(150)),
        new(5, "stop", true, "source.PermitSwitchover"),
        new(6, "hand-over", true, "source.HandOver"),
        new(7, "commit", false, "destination.Commit"),
        new(8, "fence", false, "destination.Fence"),
        new(9, "resume", false, "destination.Resume"),
        new(10, "confirm", true, "source.DestroyCopy"),
    ];

    /// <summary>The destination has an engine and a disk to lose.</summary>
    public bool DestinationHasCopy => Number >= 3;

    /// <summary>The source has said that it holds its copy: only the record decides.</summary>
    public bool HandedOver => Number >= 7;

    /// <summary>The guest runs on the destination.</summary>
    public bool Arrived => Number >= 10;
}
