using Godwit.Domains;
using Godwit.Hypervisors.Fake;

namespace Godwit.Simulation.World;

/// <summary>The safeguards, each of which can be switched off to show that its lack is noticed.</summary>
internal sealed record SimOptions
{
    /// <summary>What follows a reboot of the guest; null: the seed says.</summary>
    public LifecycleAction? OnReboot { get; init; }

    /// <summary>How the engines behave; Hold is theirs.</summary>
    public FakeEngineOptions Engine { get; init; } = new();

    /// <summary>The registry compares before it sets.</summary>
    public bool Compares { get; init; } = true;

    /// <summary>A change whose reply was lost is judged by reading the record, not by the status of the call.</summary>
    public bool ReadsBack { get; init; } = true;

    /// <summary>The fence refuses an epoch lower than the one it holds.</summary>
    public bool ChecksEpoch { get; init; } = true;

    /// <summary>The fence waits for what has been let in before.</summary>
    public bool Drains { get; init; } = true;

    /// <summary>A journal's write is on the disk when it returns.</summary>
    public bool JournalSyncs { get; init; } = true;

    /// <summary>Writes that a target's power loss took are written again.</summary>
    public bool Replays { get; init; } = true;

    /// <summary>A copy is destroyed only on a record with a greater epoch than its own.</summary>
    public bool DestroysOnGreaterEpochOnly { get; init; } = true;

    /// <summary>The registry notices that it was put back to an older copy.</summary>
    public bool Guarded { get; init; } = true;

    /// <summary>A registry that starts hears its hosts before it is believed.</summary>
    public bool Listens { get; init; } = true;

    /// <summary>Registry and journals are in files, of which a power loss may tear the last write.</summary>
    public bool OnFiles { get; init; }

    /// <summary>Keeps a line for each event; a history that fails is run again with it.</summary>
    public bool Traces { get; init; }
}
