using Godwit.Aoe.Wire;
using Godwit.Domains;
using Microsoft.Extensions.Logging;

namespace Godwit.Aoe.Initiator;

/// <content>The ways to the target: how they are found, chosen among, and given up.</content>
internal sealed partial class FrameExchange
{
    /// <summary>More than any host has interfaces for a disk; frames made up by somebody do not fill the memory.</summary>
    private const int MostPaths = 32;

    /// <summary>Heartbeats between two questions to all who may be there.</summary>
    private const int BeatsBetweenAsking = 10;

    private static readonly TimeSpan LongestProbeInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AskAgainIfAllDown = TimeSpan.FromSeconds(1);

    /// <summary>How long a question to one path is worth waiting for.</summary>
    public static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(1);

    public bool IsSuspended
    {
        get
        {
            lock (_gate) return _suspended;
        }
    }

    /// <summary>A path that is up, but this one; null when there is none.</summary>
    public FramePath? FindOther(FramePath path)
    {
        lock (_gate) return Array.Find(_paths, other => other != path && other.State == PathState.Up);
    }

    public IReadOnlyList<FramePath> Paths => _paths;

    /// <summary>
    /// Changes when what was learned of paths does not count any more: the target was started anew, or knows us by another session.
    /// </summary>
    public int Era
    {
        get
        {
            lock (_gate) return _era;
        }
    }

    /// <summary>The same target is at its end, as was learned in an era: from now on it carries frames.</summary>
    public void Accept(FramePath path, int era)
    {
        lock (_gate)
        {
            if (path.State == PathState.Up || path.Port.Failure is not null || era != _era) return;
            (path.State, path.WasUp, path.Losses, path.WaitingSince) = (PathState.Up, true, 0, 0);
            MeasureFrames();
            Pump();
        }
        LogUp(_logger, _address, path.Target, path.Port.Link.Name);
    }

    /// <summary>Another target is at its end.</summary>
    public void Reject(FramePath path)
    {
        if (Leave(path, PathState.Foreign)) LogForeign(_logger, _address, path.Target, path.Port.Link.Name);
    }

    /// <summary>The target's fence does not know us there.</summary>
    public void GiveWay(FramePath path)
    {
        if (Leave(path, PathState.Refused)) LogRefused(_logger, _address, path.Target, path.Port.Link.Name, path.Port.Link.Address);
    }

    /// <summary>The other paths are to be asked anew who is at their end.</summary>
    public void RelyOn(FramePath? path)
    {
        lock (_gate) RelyOnLocked(path);
    }

    /// <summary>It is to be asked anew who is at its end.</summary>
    public void Doubt(FramePath path) => Leave(path, PathState.Unproven);

    /// <summary>The question to a path is over.</summary>
    public void Probed(FramePath path)
    {
        lock (_gate) path.Probing = false;
    }

    // False when it is so already.
    private bool Leave(FramePath path, PathState to)
    {
        lock (_gate)
        {
            if (path.State == to) return false;
            GoFrom(path, to);
            Pump();
            return true;
        }
    }

    private FramePath? FindPath(LinkPort port, MacAddress target)
    {
        foreach (var path in _paths)
        {
            if (path.Port == port && path.Target == target) return path;
        }
        return null;
    }

    // The one that is best for a frame of so many sectors, not the one that it was lost on unless there is no other. Beginning
    // with another each time, so that few requests go over all paths as well.
    private FramePath? Choose(int sectors, FramePath? lostOn)
    {
        FramePath? best = null;
        var paths = _paths;
        if (++_turn >= paths.Length) _turn = 0;
        for (var i = 0; i < paths.Length; i++)
        {
            var at = _turn + i;
            var path = paths[at < paths.Length ? at : at - paths.Length];
            if (!path.HasRoom || path.SectorsPerFrame < sectors) continue;
            if (best is null || best == lostOn || (path != lostOn && path.IsBetterThan(best))) best = path;
        }
        return best;
    }

    private void TakeConfig(LinkPort port, in AoeHeader header, ReadOnlySpan<byte> frame)
    {
        if (header.Error != AoeError.None || ConfigSection.TryRead(frame, out var config) != MalformedFrame.No) return;
        // Any number of answers may come, also unasked.
        var path = FindPath(port, header.Source);
        if (path is null)
        {
            if (_paths.Length == MostPaths) return;
            path = new FramePath(port, header.Source, _time);
            _paths = [.. _paths, path];
        }
        path.TargetSectors = config.SectorsPerFrame == 0 ? 2 : config.SectorsPerFrame;
        path.SetWindowLimit(Math.Min(Math.Max((int)config.BufferCount, 1), Math.Min(_options.WindowLimit, FrameSlot.Count / 2)));
        // The first to answer is the target, whatever it is: others are compared with it.
        if (!_found.Task.IsCompleted) (path.State, path.WasUp) = (PathState.Up, true);
        MeasureFrames();
        if (path.State != PathState.Up) ProbeLocked(path, _time.GetTimestamp());
        _found.TrySetResult();
    }

    // What all paths that are up have room for: a frame may have to be sent again on any of them.
    private void MeasureFrames()
    {
        var least = int.MaxValue;
        foreach (var path in _paths)
        {
            path.SectorsPerFrame = Math.Min(path.TargetSectors, AoeProtocol.SectorsPerFrame(path.Port.Link.Mtu));
            if (path.State == PathState.Up && path.SectorsPerFrame > 0) least = Math.Min(least, path.SectorsPerFrame);
        }
        if (least != int.MaxValue) _sectorsPerFrame = least;
    }

    private void TendPaths(long now)
    {
        if (!_found.Task.IsCompleted) return;
        MeasureFrames();
        var probeInterval = _options.Heartbeat < LongestProbeInterval ? _options.Heartbeat : LongestProbeInterval;
        var anyUp = false;
        foreach (var path in _paths)
        {
            if (path.State == PathState.Up && IsSilent(path, now)) GoDown(path);
            anyUp |= path.State == PathState.Up;
            var doubtful = path.State is PathState.Unproven or PathState.Down or PathState.Refused
                || (path is { State: PathState.Up, Losses: > 0, InFlight: 0 } && _paths.Length > 1);
            if (doubtful && _time.GetElapsedTime(path.ProbedAt, now) > probeInterval) ProbeLocked(path, now);
        }
        if (_time.GetElapsedTime(_askedAt, now) < (anyUp ? _options.Heartbeat * BeatsBetweenAsking : AskAgainIfAllDown)) return;
        _askedAt = now;
        AskWhereLocked();
    }

    // Silence counts only while something waits for an answer, and a single frame that was lost does not make it.
    private bool IsSilent(FramePath path, long now) =>
        path.WaitingSince != 0 && (path.InFlight > 0 || path.Losses > 1) && _time.GetElapsedTime(path.WaitingSince, now) > SilentAfter;

    private void GoDown(FramePath path)
    {
        GoFrom(path, PathState.Down);
        // Whoever took its place, or came to stand beside it, is looked for at once.
        AskWhereLocked();
        LogDown(_logger, _address, path.Target, path.Port.Link.Name);
    }

    // What is on its way there is sent elsewhere.
    private void GoFrom(FramePath path, PathState to)
    {
        path.State = to;
        path.WaitingSince = 0;
        foreach (var slot in _slots)
        {
            if (slot.Request is { Path: null } && !slot.Lost && slot.Path == path) MarkLost(slot);
        }
        MeasureFrames();
    }

    private void RelyOnLocked(FramePath? path)
    {
        _era++;
        if (path is null) return;
        foreach (var other in _paths)
        {
            if (other != path && other.Port.Failure is null && other.State is PathState.Up or PathState.Down or PathState.Refused) GoFrom(other, PathState.Unproven);
        }
        // Frames went there, so it was the target's.
        if (path.State != PathState.Foreign && path.WasUp && path.Port.Failure is null) path.State = PathState.Up;
        MeasureFrames();
    }

    private void ProbeLocked(FramePath path, long now)
    {
        if (path.Probing || path.Port.Failure is not null || _stopping || ProbeWanted is not { } probe) return;
        (path.Probing, path.ProbedAt) = (true, now);
        probe(path);
    }

    [LoggerMessage(EventId = 1221, Level = LogLevel.Information, Message = "{Device}: the path to {Target} on {Interface} is used")]
    private static partial void LogUp(ILogger logger, AoeAddress device, MacAddress target, string @interface);

    [LoggerMessage(EventId = 1222, Level = LogLevel.Warning, Message = "{Device}: the path to {Target} on {Interface} does not answer")]
    private static partial void LogDown(ILogger logger, AoeAddress device, MacAddress target, string @interface);

    [LoggerMessage(EventId = 1223, Level = LogLevel.Warning,
        Message = "{Device}: {Target} on {Interface} is another target with the same shelf and slot, and is not used")]
    private static partial void LogForeign(ILogger logger, AoeAddress device, MacAddress target, string @interface);

    [LoggerMessage(EventId = 1224, Level = LogLevel.Warning,
        Message = "{Device}: the fence of {Target} does not admit {Ours}, so that the path on {Interface} is not used")]
    private static partial void LogRefused(ILogger logger, AoeAddress device, MacAddress target, string @interface, MacAddress ours);
}
