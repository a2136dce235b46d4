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
    private readonly List<int> _awaitSync = [];
    private long _reads, _writes, _flushes, _refused, _malformed, _repeated;

    public long SizeBytes => medium.SizeBytes;

    /// <summary>
    /// Set for good when a sync fails: the kernel may have dropped what was not written and would report the next sync
    /// as good. Whoever flushes must go on hearing of it.
    /// </summary>
    public string? Problem { get; private set; }

    public ExportCounters Counters => new(_reads, _writes, _flushes, _refused, _malformed, _repeated);

    /// <returns>Length of the answer's frame.</returns>
    public int Execute(
        in AoeHeader header, ReadOnlySpan<byte> frame, Span<byte> answer, int index, int mtu, out AoeError error)
    {
        error = AoeError.None;
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
                _refused++;
                return Failed(answer, ata, AtaStatus.Aborted);
        }
        if (IsForAnotherStart(ata)) return Failed(answer, ata, AtaStatus.Aborted | AtaStatus.StartedAnew);
        switch (ata.Command)
        {
            case AtaCommand.Read or AtaCommand.ReadExt:
                return Read(ata, answer, mtu, out error);
            case AtaCommand.Write or AtaCommand.WriteExt:
                return Write(header, ata, frame, answer, index, mtu, out error);
            case AtaCommand.FlushCache or AtaCommand.FlushCacheExt:
                _flushes++;
                _awaitSync.Add(index);
                return Done(answer, ata);
            case AtaCommand.Identify:
                return Identify(header, ata, answer);
            case AtaCommand.SetFeatures:
                return SetFeatures(header, ata, answer);
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

    private int Read(in AtaSection ata, Span<byte> answer, int mtu, out AoeError error)
    {
        var bytes = ata.SectorCount * AoeProtocol.SectorBytes;
        if (!IsFrameful(ata, mtu, out error)) return AoeHeader.Bytes;
        if (!TryPlace(ata, out var offset)) return Failed(answer, ata, AtaStatus.IdNotFound);
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
        var bytes = ata.SectorCount * AoeProtocol.SectorBytes;
        if (!IsFrameful(ata, mtu, out error)) return AoeHeader.Bytes;
        if (frame.Length < AtaSection.DataAt + bytes)
        {
            _malformed++;
            error = AoeError.BadArgument;
            return AoeHeader.Bytes;
        }
        if (settings.ReadOnly || Problem is not null) return Failed(answer, ata, AtaStatus.Aborted);
        if (!TryPlace(ata, out var offset)) return Failed(answer, ata, AtaStatus.IdNotFound);

        var initiator = _initiators.Find(header.Source, new FrameTag(header.Tag).Session);
        if (initiator?.Recent is { } recent && recent.Contains(header.Tag, ata.Lba))
        {
            _repeated++;
            return Done(answer, ata);
        }
        try
        {
            medium.Write(frame.Slice(AtaSection.DataAt, bytes), offset);
            _writes++;
        }
        catch (IOException e)
        {
            LogMediumFailed(logger, settings.Address, "write", offset, e.Message);
            return Failed(answer, ata, AtaStatus.Aborted, AtaStatus.Fault);
        }
        if (initiator is null && !settings.WriteCache) _awaitSync.Add(index);
        initiator?.Recent?.Add(header.Tag, ata.Lba);
        return Done(answer, ata);
    }

    private int Identify(in AoeHeader header, in AtaSection ata, Span<byte> answer)
    {
        new AtaIdentity
        {
            Sectors = medium.SizeBytes / AoeProtocol.SectorBytes,
            Serial = settings.Address.ToString(),
            Firmware = "1",
            Model = "Godwit AoE disk",
            WriteCache = settings.WriteCache || _initiators.Find(header.Source, new FrameTag(header.Tag).Session) is not null,
            Godwit = new GodwitWords(admission.Standing(header), admission.Epoch, start.BootId, start.Mark, start.MachineId),
        }.Write(answer[AtaSection.DataAt..]);
        return Done(answer, ata) + AtaIdentity.Bytes;
    }

    private int SetFeatures(in AoeHeader header, in AtaSection ata, Span<byte> answer)
    {
        var session = new FrameTag(header.Tag).Session;
        switch (ata.Feature)
        {
            case AtaCommand.EnableWriteCache:
                _initiators.EnableWriteCache(header.Source, session, header.Tag);
                return Done(answer, ata);
            case AtaCommand.DisableWriteCache:
                _initiators.DisableWriteCache(header.Source, session);
                return Done(answer, ata);
            default:
                return Failed(answer, ata, AtaStatus.Aborted);
        }
    }

    // The feature register means nothing to these commands in ATA: other initiators leave it 0.
    private bool IsForAnotherStart(in AtaSection ata) => start.Mark != 0 && ata.Feature != 0 && ata.Feature != start.Mark
        && ata.Command is AtaCommand.Read or AtaCommand.ReadExt or AtaCommand.Write or AtaCommand.WriteExt
            or AtaCommand.FlushCache or AtaCommand.FlushCacheExt;

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
