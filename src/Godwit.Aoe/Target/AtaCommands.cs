using Godwit.Aoe.Control;
using Godwit.Aoe.Wire;
using Godwit.Native.Packets;
using Microsoft.Extensions.Logging;

namespace Godwit.Aoe.Target;

/// <summary>
/// Command 0: the ATA device behind an export. A write is on stable storage before it is answered, unless its sender
/// has turned the write cache on and so promised to flush.
/// </summary>
internal sealed partial class AtaCommands(
    ExportSettings settings, IMedium medium, Admission admission, TargetStart start, ILogger logger) : IDisposable
{
    private readonly InitiatorTable _initiators = new();
    private readonly DurableInitiators _durable = new();
    private readonly List<int> _awaitSync = [];
    private long[] _lentFrom = [];
    private long _reads, _writes, _flushes, _refused, _malformed, _repeated, _trims;

    public long SizeBytes => medium.SizeBytes;

    /// <summary>
    /// Set for good when a sync fails: the kernel may have dropped what was not written and would report the next sync
    /// as good. Whoever flushes must go on hearing of it.
    /// </summary>
    public string? Problem { get; private set; }

    public ExportCounters Counters => new(_reads, _writes, _flushes, _refused, _malformed, _repeated, _trims);

    public void Grow()
    {
        try
        {
            medium.Grow();
        }
        catch (IOException e)
        {
            throw new AoeControlException(AoeControlCode.BadRequest, $"{settings.Address} keeps its size of {medium.SizeBytes} bytes: {e.Message}",
                "What became smaller is served anew only by another export.", e);
        }
    }

    /// <returns>Length of the answer's frame.</returns>
    public int Execute(in AoeHeader header, ReadOnlySpan<byte> frame, PacketBatch answers, int mtu, out AoeError error)
    {
        error = AoeError.None;
        var answer = answers.Next;
        var index = answers.Count;
        if (AtaSection.TryRead(frame, out var ata) != MalformedFrame.No)
        {
            _malformed++;
            error = AoeError.BadArgument;
            return AoeHeader.Bytes;
        }
        switch (admission.Ask(header, ata.Command))
        {
            case AdmissionAnswer.Reserved:
                _refused++;
                error = AoeError.TargetIsReserved;
                return AoeHeader.Bytes;
            case AdmissionAnswer.Refused:
                return Refused(answer, ata);
        }
        if (IsForAnotherStart(ata)) return Failed(answer, ata, AtaStatus.Aborted | AtaStatus.StartedAnew);
        FindInitiator(header)?.Recent?.Pass(header.Tag);
        switch (ata.Command)
        {
            case AtaCommand.Read or AtaCommand.ReadExt:
                return Read(header, ata, answers, mtu, out error);
            case AtaCommand.Write or AtaCommand.WriteExt:
                return Write(header, ata, frame, answer, index, mtu, out error);
            case AtaCommand.DataSetManagement:
                return Trim(header, ata, frame, answer, index, mtu, out error);
            case AtaCommand.FlushCache or AtaCommand.FlushCacheExt:
                _flushes++;
                _awaitSync.Add(index);
                return Done(answer, ata);
            case AtaCommand.Identify:
                return Identify(header, ata, answer);
            case AtaCommand.Smart:
                return TellHealth(ata, answer);
            case AtaCommand.SetFeatures:
                return SetFeatures(header, ata, answer, index);
            default:
                return Failed(answer, ata, AtaStatus.Aborted);
        }
    }

    public void Commit(PacketBatch answers)
    {
        if (_awaitSync.Count == 0) return;
        if (Problem is null) Sync();
        if (Problem is not null)
        {
            foreach (var index in _awaitSync)
            {
                var answer = answers.Edit(index);
                if (AtaSection.TryRead(answer, out var ata) == MalformedFrame.No) Failed(answer, ata, AtaStatus.Aborted, AtaStatus.Fault);
            }
        }
        _awaitSync.Clear();
    }

    public void Sync()
    {
        try
        {
            medium.Sync();
        }
        catch (IOException e)
        {
            Problem = $"the medium failed to keep what was written: {e.Message}";
            LogSyncFailed(logger, settings.Address, e.Message);
        }
    }

    public void Dispose() => medium.Dispose();

    /// <summary>
    /// An answer of the batch could not be sent, because the medium failed under what it had lent: reads it as other media are
    /// read, and puts the answer, or the error, into another batch.
    /// </summary>
    public void ReadAgain(PacketBatch answers, int index, PacketBatch again)
    {
        if (AtaSection.TryRead(answers[index], out var ata) != MalformedFrame.No) return;
        answers[index].CopyTo(again.Next);
        _reads--;
        again.Add(ReadInto(again.Next, ata, _lentFrom[index]));
    }

    public bool ReadsAhead => medium.IsCold;

    /// <summary>Lets the disk begin with what a frame reads, before the frames ahead of it are executed.</summary>
    public void Foresee(ReadOnlySpan<byte> frame)
    {
        if (AtaSection.TryRead(frame, out var ata) != MalformedFrame.No || ata.Command is not (AtaCommand.Read or AtaCommand.ReadExt)) return;
        if (TryPlace(ata, out var offset)) medium.ReadAhead(offset, ata.SectorCount * AoeProtocol.SectorBytes);
    }

    /// <summary>No answer uses the medium's memory any more.</summary>
    public void TakeBack() => medium.TakeBack();

    private int Read(in AoeHeader header, in AtaSection ata, PacketBatch answers, int mtu, out AoeError error)
    {
        if (!IsFrameful(ata, mtu, out error)) return AoeHeader.Bytes;
        if (!TryPlace(ata, out var offset)) return Failed(answers.Next, ata, AtaStatus.IdNotFound);
        if (!admission.MayRead(header, offset / AoeProtocol.SectorBytes, ata.SectorCount)) return Refused(answers.Next, ata);
        var bytes = ata.SectorCount * AoeProtocol.SectorBytes;
        if (medium.Lend(offset, bytes) is not (not 0 and var address)) return ReadInto(answers.Next, ata, offset);
        if (_lentFrom.Length < answers.Capacity) Array.Resize(ref _lentFrom, answers.Capacity);
        _lentFrom[answers.Count] = offset;
        answers.Lend(address, bytes);
        _reads++;
        return Done(answers.Next, ata);
    }

    private int ReadInto(Span<byte> answer, in AtaSection ata, long offset)
    {
        var bytes = ata.SectorCount * AoeProtocol.SectorBytes;
        try
        {
            medium.Read(answer.Slice(AtaSection.DataAt, bytes), offset);
            _reads++;
        }
        catch (IOException e)
        {
            LogMediumFailed(logger, settings.Address, "read", offset, e.Message);
            return Failed(answer, ata, AtaStatus.Uncorrectable);
        }
        return Done(answer, ata) + bytes;
    }

    private int Write(
        in AoeHeader header, in AtaSection ata, ReadOnlySpan<byte> frame, Span<byte> answer, int index, int mtu,
        out AoeError error)
    {
        if (!TryData(ata, frame, mtu, out var data, out error)) return AoeHeader.Bytes;
        if (settings.ReadOnly || Problem is not null) return Failed(answer, ata, AtaStatus.Aborted);
        if (!TryPlace(ata, out var offset)) return Failed(answer, ata, AtaStatus.IdNotFound);
        if (!admission.MayWrite(header, offset / AoeProtocol.SectorBytes, ata.SectorCount)) return Refused(answer, ata);

        if (IsRepeated(header, ata)) return Done(answer, ata);
        try
        {
            medium.Write(data, offset);
            _writes++;
        }
        catch (IOException e)
        {
            LogMediumFailed(logger, settings.Address, "write", offset, e.Message);
            return Failed(answer, ata, AtaStatus.Aborted, AtaStatus.Fault);
        }
        NoteWritten(header, ata, index);
        return Done(answer, ata);
    }

    private int Trim(
        in AoeHeader header, in AtaSection ata, ReadOnlySpan<byte> frame, Span<byte> answer, int index, int mtu,
        out AoeError error)
    {
        if (!TryData(ata, frame, mtu, out var data, out error)) return AoeHeader.Bytes;
        // More ranges than IDENTIFY allows would keep everybody else waiting.
        if (ata.Feature != AtaCommand.Trim || ata.SectorCount > AtaIdentity.TrimBlocks || !medium.Trims || settings.ReadOnly || Problem is not null)
            return Failed(answer, ata, AtaStatus.Aborted);
        // All or nothing: no part is done of a list with a range that lies outside, or is another's.
        for (var at = 0; at < data.Length; at += TrimRange.Bytes)
        {
            var range = TrimRange.Read(data[at..]);
            if (range.FirstSector + range.Sectors > medium.SizeBytes / AoeProtocol.SectorBytes) return Failed(answer, ata, AtaStatus.IdNotFound);
            if (!admission.MayWrite(header, range.FirstSector, range.Sectors)) return Refused(answer, ata);
        }
        if (IsRepeated(header, ata)) return Done(answer, ata);
        try
        {
            for (var at = 0; at < data.Length; at += TrimRange.Bytes)
            {
                var range = TrimRange.Read(data[at..]);
                if (range.Sectors == 0) continue;
                if (!medium.TryTrim(range.FirstSector * AoeProtocol.SectorBytes, (long)range.Sectors * AoeProtocol.SectorBytes))
                    return Failed(answer, ata, AtaStatus.Aborted);
            }
            _trims++;
        }
        catch (IOException e)
        {
            LogMediumFailed(logger, settings.Address, "trim", 0, e.Message);
            return Failed(answer, ata, AtaStatus.Aborted, AtaStatus.Fault);
        }
        NoteWritten(header, ata, index);
        return Done(answer, ata);
    }

    // The copy of a write that was executed may come after a newer write to the same place.
    private bool IsRepeated(in AoeHeader header, in AtaSection ata)
    {
        if (FindInitiator(header)?.Recent is not { } recent || !recent.Contains(header.Tag, ata.Lba)) return false;
        _repeated++;
        return true;
    }

    private void NoteWritten(in AoeHeader header, in AtaSection ata, int index)
    {
        var initiator = FindInitiator(header);
        if (initiator is null && !IsCachedForAll(header)) _awaitSync.Add(index);
        initiator?.Recent?.Add(header.Tag, ata.Lba);
    }

    // With a write cache that he did not ask for, and has not turned off.
    private bool IsCachedForAll(in AoeHeader header) => settings.WriteCache && !_durable.Contains(header);

    private InitiatorTable.Initiator? FindInitiator(in AoeHeader header) =>
        _initiators.Find(header.Source, new FrameTag(header.Tag));

    // The data that came with a command, as long as the command says.
    private bool TryData(in AtaSection ata, ReadOnlySpan<byte> frame, int mtu, out ReadOnlySpan<byte> data, out AoeError error)
    {
        data = default;
        if (!IsFrameful(ata, mtu, out error)) return false;
        var bytes = ata.SectorCount * AoeProtocol.SectorBytes;
        if (frame.Length >= AtaSection.DataAt + bytes)
        {
            data = frame.Slice(AtaSection.DataAt, bytes);
            return true;
        }
        _malformed++;
        error = AoeError.BadArgument;
        return false;
    }

    private int Identify(in AoeHeader header, in AtaSection ata, Span<byte> answer)
    {
        new AtaIdentity
        {
            Sectors = medium.SizeBytes / AoeProtocol.SectorBytes,
            Serial = settings.Address.ToString(),
            Firmware = "1",
            Model = "Godwit AoE disk",
            WriteCache = IsCachedForAll(header) || FindInitiator(header) is not null,
            Trims = !settings.ReadOnly && medium.Trims,
            Godwit = new GodwitWords(admission.Standing(header), admission.Epoch, start.BootId, start.Mark, start.MachineId),
        }.Write(answer[AtaSection.DataAt..]);
        return Done(answer, ata) + AtaIdentity.Bytes;
    }

    private int TellHealth(in AtaSection ata, Span<byte> answer)
    {
        if (!Smart.Knows(ata)) return Failed(answer, ata, AtaStatus.Aborted);
        var length = Done(answer, ata with { Lba = Smart.Lba(ata, well: Problem is null) });
        if (!Smart.Reads(ata)) return length;
        Smart.WritePage(answer.Slice(AtaSection.DataAt, AoeProtocol.SectorBytes));
        return length + AoeProtocol.SectorBytes;
    }

    private int SetFeatures(in AoeHeader header, in AtaSection ata, Span<byte> answer, int index)
    {
        var tag = new FrameTag(header.Tag);
        switch (ata.Feature)
        {
            case AtaCommand.EnableWriteCache:
                _durable.Remove(header);
                _initiators.EnableWriteCache(header.Source, tag, ata.Lba);
                return Done(answer, ata);
            case AtaCommand.DisableWriteCache:
                if (settings.WriteCache && !_durable.TryAdd(header)) return Failed(answer, ata, AtaStatus.Aborted);
                _initiators.DisableWriteCache(header.Source, tag);
                // What it holds is written before the answer (ATA/ATAPI-7, SET FEATURES 82h).
                _awaitSync.Add(index);
                return Done(answer, ata);
            default:
                return Failed(answer, ata, AtaStatus.Aborted);
        }
    }

    // The feature register means nothing to these commands in ATA, and the address means nothing to a trim: other initiators
    // leave them 0.
    private bool IsForAnotherStart(in AtaSection ata)
    {
        var mark = ata.Command switch
        {
            AtaCommand.Read or AtaCommand.ReadExt or AtaCommand.Write or AtaCommand.WriteExt
                or AtaCommand.FlushCache or AtaCommand.FlushCacheExt => ata.Feature,
            AtaCommand.DataSetManagement => ata.Lba,
            _ => 0,
        };
        return start.Mark != 0 && mark != 0 && mark != start.Mark;
    }

    // Whether the data of a command fits a frame of this interface.
    private bool IsFrameful(in AtaSection ata, int mtu, out AoeError error)
    {
        error = AoeError.None;
        if (ata.SectorCount >= 1 && ata.SectorCount <= AoeProtocol.SectorsPerFrame(mtu)) return true;
        _malformed++;
        error = AoeError.BadArgument;
        return false;
    }

    private bool TryPlace(in AtaSection ata, out long offset)
    {
        var extended = ata.Command is AtaCommand.ReadExt or AtaCommand.WriteExt;
        var lba = extended ? ata.Lba : ata.Lba & AtaSection.LastLba28;
        offset = lba * AoeProtocol.SectorBytes;
        return lba + ata.SectorCount <= medium.SizeBytes / AoeProtocol.SectorBytes;
    }

    private int Refused(Span<byte> answer, in AtaSection ata)
    {
        _refused++;
        return Failed(answer, ata, AtaStatus.Aborted);
    }

    private static int Done(Span<byte> answer, in AtaSection ata) => Finish(answer, ata, AtaStatus.Ready, 0);

    private static int Failed(Span<byte> answer, in AtaSection ata, byte error, byte status = 0) =>
        Finish(answer, ata, (byte)(AtaStatus.Ready | AtaStatus.Error | status), error);

    private static int Finish(Span<byte> answer, in AtaSection ata, byte status, byte error)
    {
        (ata with { Command = status, Feature = error }).Write(answer);
        return AtaSection.DataAt;
    }

    [LoggerMessage(EventId = 1111, Level = LogLevel.Error, Message = "{Device}: {Operation} at byte {Offset} failed: {Reason}")]
    private static partial void LogMediumFailed(
        ILogger logger, AoeAddress device, string operation, long offset, string reason);

    [LoggerMessage(EventId = 1112, Level = LogLevel.Critical,
        Message = "{Device}: sync failed; no more writes are served, as data may be lost: {Reason}")]
    private static partial void LogSyncFailed(ILogger logger, AoeAddress device, string reason);
}
