using System.Collections.Immutable;
using System.Text.Json;
using Godwit.Aoe.Control;
using Godwit.Aoe.Wire;
using Godwit.Domains;

namespace Godwit.Aoe.Target;

/// <summary>
/// The fence of one export: the rules, and a file that holds their state. A step is durable before it is in force,
/// and in force before it is answered. It runs on the thread that executes frames, so no frame is half-way through
/// when it changes.
/// <para>
/// The safe rule for a state that is missing or damaged: nobody is served but IDENTIFY, and nobody is admitted, until
/// somebody who knows the greatest epoch of this disk says so by <see cref="Initialize"/>. It is never made up
/// silently: an empty fence would let an old epoch in.
/// </para>
/// </summary>
public sealed class Fence
{
    private const string Kind = "godwit-fence-1";
    private readonly string _path;
    private FenceState? _state;

    private Fence(string path) => _path = path;

    /// <summary>Null while nobody may be served.</summary>
    public FenceState? State => _state;

    /// <summary>Null where the disk is fenced as a whole.</summary>
    internal RangeTable? Ranges { get; private set; }

    /// <summary>Why there is no state; null when there is one.</summary>
    public string? Problem { get; private set; }

    public static Fence Load(string path)
    {
        var fence = new Fence(path);
        try
        {
            if (DurableRecord.Read(path, Kind) is { } content)
                fence.Enforce(Check(JsonSerializer.Deserialize(content, TargetJson.Default.FenceState)));
            else
                fence.Problem = $"the state of the fence, {path}, is missing";
        }
        catch (Exception e) when (e is JsonException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            fence.Problem = $"the state of the fence cannot be read: {e.Message}";
        }
        return fence;
    }

    /// <summary>Begins a state where none can be read. <paramref name="epoch"/> is the greatest one known.</summary>
    public void Initialize(long epoch)
    {
        if (_state is not null)
            throw new AoeControlException(AoeControlCode.HasFenceState,
                $"The disk has a fence already, at epoch {_state.Epoch}.", "Use it as it is: 'init' is for a new or damaged state.");
        Store(FenceState.New(epoch));
    }

    public int Admit(string host, ImmutableArray<MacAddress> macs, bool sessionless = false)
    {
        var (state, session) = FenceRules.Admit(Current(), host, macs, sessionless);
        Store(state);
        return session;
    }

    public FenceAnswer Take(string host, long epoch, int session)
    {
        var (state, answer) = FenceRules.Fence(Current(), host, epoch, session);
        Store(state);
        return answer;
    }

    public void Release(string host, int session) => Store(FenceRules.Release(Current(), host, session));

    /// <inheritdoc cref="RangeRules.Fence"/>
    public FenceAnswer Take(string host, long epoch, int session, ImmutableArray<SectorRange> ranges, bool free = false)
    {
        var (state, answer) = RangeRules.Fence(Current(), host, epoch, session, ranges, free);
        Store(state);
        return answer;
    }

    /// <inheritdoc cref="RangeRules.Return"/>
    public void Return(string host, int session, ImmutableArray<SectorRange> ranges) => Store(RangeRules.Return(Current(), host, session, ranges));

    /// <inheritdoc cref="RangeRules.Release"/>
    public void Release(string host, int session, ImmutableArray<SectorRange> ranges) => Store(RangeRules.Release(Current(), host, session, ranges));

    /// <inheritdoc cref="RangeRules.Forget"/>
    public void Forget(string host, int session, ImmutableArray<SectorRange> ranges) => Store(RangeRules.Forget(Current(), host, session, ranges));

    /// <summary>What a frame's sender may do, now.</summary>
    public FenceStanding Standing(MacAddress source, int session) =>
        _state is null ? FenceStanding.None : FenceRules.Standing(_state, source, session);

    private FenceState Current() => _state ?? throw new AoeControlException(AoeControlCode.NoFenceState,
        $"Nobody is served: {Problem}.",
        "Restore it, or begin a new one by 'init' with the greatest epoch known of this disk.");

    private void Store(FenceState state)
    {
        if (state == _state) return;
        try
        {
            DurableRecord.Write(_path, Kind, JsonSerializer.SerializeToUtf8Bytes(state, TargetJson.Default.FenceState));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AoeControlException(AoeControlCode.StateNotSaved,
                $"The fence could not be changed, because {_path} could not be written: {e.Message}",
                "See to the storage host's disk; then ask again.", e);
        }
        Enforce(state);
        Problem = null;
    }

    private void Enforce(FenceState state) => (_state, Ranges) = (state, RangeTable.Of(state));

    private static FenceState Check(FenceState? state)
    {
        if (state is null || state.Epoch < 0 || state.NextSession is < 1 or > FrameTag.LastSession
            || state.Readers.IsDefault || !state.Readers.All(IsSound) || (state.Writer is { } writer && !IsSound(writer)))
            throw new InvalidDataException("the state contradicts itself");
        // One that was written before there were ranges has none.
        var ranges = state.Ranges.IsDefault ? [] : state.Ranges;
        if ((!ranges.IsEmpty && state.Writer is not null) || ranges.Count(range => range is { Rest: true }) > 1)
            throw new InvalidDataException("the state contradicts itself");
        for (var i = 0; i < ranges.Length; i++)
        {
            if (ranges[i] is not { Barred.IsDefault: false } range || !range.Sectors.IsSound || range.Epoch < 0 || (i > 0 && range.Start < ranges[i - 1].End)
                || (range.Writer != 0 && state.Readers.All(reader => reader.Session != range.Writer)))
                throw new InvalidDataException("the ranges of the state contradict themselves");
        }
        return state with { Ranges = ranges };
    }

    private static bool IsSound(FenceEntry entry) =>
        entry is { Host: not null, Session: >= 1 and <= FrameTag.LastSession, Macs.IsDefault: false };
}
