using System.Threading.Tasks.Sources;

namespace Godwit.Aoe.Initiator;

/// <summary>
/// One request of the caller, which crosses in one or more frames. Its fields belong to the initiator's lock. The
/// awaiting code runs on the thread that completes it: the answer to a guest's fsync should not wait for another thread.
/// </summary>
internal sealed class IoRequest : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core;

    public required byte Command { get; init; }

    /// <summary>Feature register; of an urgent write, the mark of the target's start that it is for.</summary>
    public byte Feature { get; init; }

    /// <summary>Where data goes to; empty for writes.</summary>
    public Memory<byte> Into { get; init; }

    /// <summary>Where data comes from; empty for reads.</summary>
    public ReadOnlyMemory<byte> From { get; init; }

    public long FirstSector { get; init; }

    /// <summary>Sectors in all; 0 for commands without data.</summary>
    public int Sectors { get; init; }

    /// <summary>Goes before all others, and also while they are held back: it is what makes the target fit for them.</summary>
    public bool Urgent { get; init; }

    /// <summary>The one path that it is a question to, whatever its state; null: any that is up.</summary>
    public FramePath? Path { get; init; }

    /// <summary>How long it waits for an answer; null: as long as the options say.</summary>
    public TimeSpan? GiveUpAfter { get; init; }

    /// <summary>Where its last answer came from.</summary>
    public FramePath? AnsweredBy { get; set; }

    /// <summary>The last write that a flush covers, by its number in <see cref="UnflushedWrites"/>.</summary>
    public long Covers { get; set; }

    public bool IsWrite => Wire.AtaCommand.IsWrite(Command);

    public bool IsTrim => Command == Wire.AtaCommand.DataSetManagement;

    public bool IsFlush => Command == Wire.AtaCommand.FlushCache;

    public long SubmittedAt { get; set; }

    /// <summary>Sectors that were put into frames so far.</summary>
    public int Issued { get; set; }

    public bool AllIssued { get; set; }

    /// <summary>Frames without an answer yet.</summary>
    public int Outstanding { get; set; }

    public TargetErrorException? Error { get; set; }

    public bool Completed { get; set; }

    public ValueTask Task => new(this, _core.Version);

    public void Finish()
    {
        if (Error is null) _core.SetResult(true);
        else _core.SetException(Error);
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
