using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Aoe.Target;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Aoe.Fuzz;

/// <summary>
/// One target from its start to its end, beside its model: both get the same frames, batch by batch, and every answer has to be the
/// same, byte by byte; at the end, so has the disk. All of it follows from a seed.
/// </summary>
internal sealed class TargetLife : IDisposable
{
    private const int Sectors = 300;
    private readonly Random _random;
    private readonly HashSet<string> _reached;
    private readonly FuzzMedium _medium;
    private readonly FuzzLink _link;
    private readonly AoeTarget _target;
    private readonly TargetModel _model;
    private readonly FrameMaker _frames;
    private readonly Fence? _fence;
    private readonly bool _byRanges;
    private readonly string? _directory;

    public TargetLife(int seed, HashSet<string> reached, bool losesWrites)
    {
        _random = new Random(seed);
        _reached = reached;
        _medium = new FuzzMedium(new byte[Sectors * 512]) { LosesWrites = losesWrites };
        var bytes = new byte[32];
        _random.NextBytes(bytes);
        var settings = new ModelSettings(
            (ushort)_random.Next(3), (byte)_random.Next(3), _random.Next(3) switch { 0 => 1500, 1 => 4000, _ => 9000 },
            ReadOnly: _random.Next(8) == 0, WriteCache: _random.Next(4) == 0, Managed: _random.Next(2) == 0,
            Mark: (byte)_random.Next(256), new Guid(bytes[..16]), new Guid(bytes[16..]), _random.Next(6) == 0 ? [.. FrameMaker.Sources.Take(2)] : []);
        _model = new TargetModel(settings, new byte[Sectors * 512]);
        _frames = new FrameMaker(_random, settings, Sectors);
        _link = new FuzzLink(settings.Mtu);
        var export = new ExportSettings
        {
            Address = new AoeAddress(settings.Shelf, settings.Slot),
            Path = "memory",
            ReadOnly = settings.ReadOnly,
            WriteCache = settings.WriteCache,
            Macs = [.. settings.Macs.Select(mac => new MacAddress(mac))],
        };
        if (settings.Managed)
        {
            _directory = Directory.CreateTempSubdirectory("godwit-fuzz-").FullName;
            _fence = Fence.Load(Path.Combine(_directory, "fence"));
            _fence.Initialize(0);
            _byRanges = _random.Next(2) == 0;
        }
        var start = new TargetStart(settings.BootId, settings.Mark, settings.MachineId);
        _target = new AoeTarget([_link], _fence is null
            ? Export.Standalone(export, _medium, start, NullLogger.Instance)
            : Export.Managed(export, _medium, _fence, start, NullLogger.Instance), NullLogger.Instance);
    }

    /// <summary>Frames that got an answer.</summary>
    public long Answered { get; private set; }

    /// <returns>What differed; null when nothing did.</returns>
    public string? Run(long frames)
    {
        while (frames > 0)
        {
            Disturb();
            List<byte[]> batch = [.. Enumerable.Range(0, (int)Math.Min(frames, _random.Next(1, 33))).Select(_ => _frames.Next())];
            frames -= batch.Count;
            foreach (var frame in batch) _link.Put(frame);
            _link.Sent.Clear();
            _target.Step(0);
            var expected = _model.Answer(batch);
            Answered += expected.Count;
            foreach (var answer in expected) _reached.Add(Outcome(answer));
            if (Difference(expected, batch) is { } difference) return difference;
        }
        return _medium.Data.AsSpan().SequenceEqual(_model.Disk) ? null : "the disk holds something else";
    }

    public void Dispose()
    {
        _target.Export.Dispose();
        if (_directory is not null) Directory.Delete(_directory, recursive: true);
    }

    private void Disturb()
    {
        if (_random.Next(40) == 0) _medium.FailsReads = _model.ReadsFail = _random.Next(3) == 0;
        if (_random.Next(40) == 0) _medium.FailsWrites = _model.WritesFail = _random.Next(3) == 0;
        if (_random.Next(4000) == 0) _medium.FailsSyncs = _model.SyncsFail = true;
        if (_fence is not null && _random.Next(_model is { Epoch: 0, Ranges: [] } ? 4 : 200) == 0) MoveFence(_fence);
    }

    private void MoveFence(Fence fence)
    {
        if (_byRanges)
        {
            MoveRanges(fence);
            return;
        }
        var host = _random.Next(FrameMaker.Sources.Count);
        var source = FrameMaker.Sources[host];
        var name = $"host{host}";
        try
        {
            var sessionless = _random.Next(4) == 0;
            var session = fence.Admit(name, [new MacAddress(source)], sessionless);
            _model.Readers.RemoveAll(reader => reader.Source == source);
            _model.Readers.Add(new Stay(session, source, sessionless));
            if (_random.Next(2) == 0) return;
            // A stale epoch is refused, and changes nothing.
            var epoch = _model.Epoch + _random.Next(3);
            fence.Take(name, epoch, session);
            _model.Readers.Remove(new Stay(session, source, sessionless));
            (_model.Writer, _model.Epoch) = (new Stay(session, source, sessionless), epoch);
        }
        catch (AoeControlException e) when (e.Code == AoeControlCode.StaleEpoch)
        {
            return;
        }
    }

    // Parts of a disk that are apart, one that is all between them, and one that takes two of them in.
    private static readonly SectorRange[] s_parts =
        [new(0, 20, Rest: true), new(20, 60), new(80, 40), new(160, 80), new(20, 100), new(40, 60)];

    private void MoveRanges(Fence fence)
    {
        var host = _random.Next(FrameMaker.Sources.Count);
        var (name, source) = ($"host{host}", FrameMaker.Sources[host]);
        var stay = _model.Readers.Find(reader => reader.Source == source);
        if (stay is null || _random.Next(6) == 0)
        {
            var sessionless = _random.Next(4) == 0;
            var fresh = new Stay(fence.Admit(name, [new MacAddress(source)], sessionless), source, sessionless);
            _model.Readers.RemoveAll(reader => reader == stay);
            foreach (var range in _model.Ranges) End(range, stay?.Session ?? 0);
            _model.Readers.Add(fresh);
            stay = fresh;
        }
        ImmutableArray<SectorRange> parts = [.. s_parts.Where(_ => _random.Next(4) == 0).DefaultIfEmpty(s_parts[1])];
        var meant = _model.Ranges.Where(range => parts.Contains(new SectorRange(range.First, range.Count, range.Rest))).ToList();
        try
        {
            switch (_random.Next(8))
            {
                case 0:
                    fence.Release(name, stay.Session, parts);
                    foreach (var range in meant.Where(range => range.Writer == stay.Session)) range.Writer = 0;
                    break;
                case 1:
                    fence.Return(name, stay.Session, parts);
                    foreach (var range in meant) range.Barred.Remove(stay.Session);
                    break;
                case 2:
                    fence.Forget(name, stay.Session, parts);
                    _model.Epoch = meant.Select(range => range.Epoch).Append(_model.Epoch).Max();
                    _model.Ranges.RemoveAll(meant.Contains);
                    break;
                default:
                    var epoch = _model.Ranges.Select(range => range.Epoch).Append(_model.Epoch).Max() + _random.Next(0, 3);
                    fence.Take(name, epoch, stay.Session, parts);
                    foreach (var part in parts) Take(part, epoch, stay.Session);
                    break;
            }
        }
        catch (AoeControlException e) when (e.Code is AoeControlCode.StaleEpoch or AoeControlCode.RangeConflict or AoeControlCode.NotAdmitted)
        {
            return;
        }
    }

    private void Take(SectorRange part, long epoch, int session)
    {
        var taken = new ModelRange(part.Start, part.Length, part.Rest) { Epoch = epoch, Writer = session };
        foreach (var former in _model.Ranges.Where(range => range.First < part.End && part.Start < range.First + range.Count).ToList())
        {
            taken.Barred.UnionWith(former.Barred);
            if (former.Writer != 0 && former.Writer != session) taken.Barred.Add(former.Writer);
            _model.Ranges.Remove(former);
        }
        _model.Ranges.Add(taken);
    }

    private static void End(ModelRange range, int session)
    {
        range.Barred.Remove(session);
        if (range.Writer == session) range.Writer = 0;
    }

    private string? Difference(List<byte[]> expected, List<byte[]> batch)
    {
        for (var i = 0; i < Math.Max(expected.Count, _link.Sent.Count); i++)
        {
            var (told, came) = (expected.ElementAtOrDefault(i), _link.Sent.ElementAtOrDefault(i));
            if (told is not null && came is not null && told.AsSpan().SequenceEqual(came)) continue;
            return $"answer {i} of {batch.Count} frames\n  expected {Text(told)}\n  came     {Text(came)}\n  frames\n"
                + string.Join('\n', batch.Select(frame => "    " + Text(frame)));
        }
        return null;
    }

    private static string Outcome(byte[] answer)
    {
        var command = answer[19] switch { 0 => "ata", 1 => "config", 2 => "mask", 3 => "reserve", _ => "other" };
        return answer[15] != 0 ? $"{command} error {answer[15]}" : answer[19] == 0 ? $"ata {answer[27]:x2}/{answer[25]:x2}" : command;
    }

    private static string Text(byte[]? frame) => frame is null ? "none" : Convert.ToHexStringLower(frame.AsSpan(0, Math.Min(frame.Length, 64)));
}
