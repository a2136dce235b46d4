using Godwit.Aoe.Control;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Godwit.Native.Packets;
using Microsoft.Extensions.Logging;

namespace Godwit.Aoe.Target;

/// <summary>
/// One medium under one address. It takes requests and writes the answers; all of it runs on the thread of its
/// <see cref="AoeTarget"/>.
/// <code>
///   request ─► for us? ─► listened to? ─► allowed? ─► executed ─► answer ─┐
///                          (masks)         (fence, or reservation)        ▼
///                                     Commit: sync once for all that need it, then the answers leave
/// </code>
/// </summary>
public sealed partial class Export : IDisposable
{
    private readonly AtaCommands _ata;
    private readonly InBandCommands _inBand;
    private readonly ILogger _logger;

    private Export(ExportSettings settings, IMedium medium, Fence? fence, InBandCommands inBand, TargetStart start, ILogger logger)
    {
        Settings = settings;
        Fence = fence;
        BootId = start.BootId;
        _inBand = inBand;
        _logger = logger;
        _ata = new AtaCommands(settings, medium, new Admission(fence, inBand), start, logger);
    }

    public ExportSettings Settings { get; }

    /// <summary>The fence of a managed export; null where reservations come over the wire.</summary>
    public Fence? Fence { get; }

    public Guid BootId { get; }

    /// <summary>An export in a pool: one writer at a time, as its fence says.</summary>
    public static Export Managed(ExportSettings settings, IMedium medium, Fence fence, TargetStart start, ILogger logger) =>
        new(settings, medium, fence, InBandCommands.Refusing(settings), start, logger);

    /// <summary>An export on its own: reservations, masks and the configuration string come over the wire.</summary>
    public static Export Standalone(ExportSettings settings, IMedium medium, TargetStart start, ILogger logger) =>
        new(settings, medium, null, InBandCommands.Load(settings, logger), start, logger);

    /// <summary>Executes a request and adds the answer, if it gets one. The batch has room for one more.</summary>
    internal void Handle(in AoeHeader header, ReadOnlySpan<byte> frame, PacketBatch answers, IFrameLink link)
    {
        if (!_inBand.ListensTo(header.Source) || !(Settings.Macs.IsEmpty || Settings.Macs.Contains(header.Source))) return;
        var written = Execute(header, frame, answers, link, out var error);
        if (written < 0) return;
        header.Answer(link.Address, Settings.Address, error).Write(answers.Next);
        answers.Add(Math.Max(written, AoeHeader.Bytes));
    }

    /// <summary>
    /// Makes durable what answers in the batch promise, and turns them into errors where that fails. Called before
    /// the batch is sent.
    /// </summary>
    internal void Commit(PacketBatch answers) => _ata.Commit(answers);

    /// <summary>Puts an answer that could not be sent, as the medium failed under it, into another batch, as an error most likely.</summary>
    internal void ReadAgain(PacketBatch answers, int index, PacketBatch again) => _ata.ReadAgain(answers, index, again);

    /// <summary>Whether <see cref="Foresee"/> is worth its time.</summary>
    internal bool ReadsAhead => _ata.ReadsAhead;

    /// <summary>Looks at a frame that is going to be executed.</summary>
    internal void Foresee(ReadOnlySpan<byte> frame)
    {
        if (AoeHeader.TryRead(frame, out var header) == MalformedFrame.No && header.Command == AoeCommand.Ata && header.Address == Settings.Address)
            _ata.Foresee(frame);
    }

    /// <summary>The answers have left.</summary>
    internal void Sent() => _ata.TakeBack();

    /// <summary>An unasked answer to all, by which targets tell that they are there.</summary>
    internal void Announce(PacketBatch frames, IFrameLink link)
    {
        var frame = frames.Next;
        var request = AoeHeader.Request(link.Address, new MacAddress(0xFFFF_FFFF_FFFF), Settings.Address, AoeCommand.QueryConfig, 0);
        request.Answer(link.Address, Settings.Address).Write(frame);
        frames.Add(_inBand.WriteConfig(frame, link, ConfigCommand.Read));
    }

    internal ExportStatus Status(IReadOnlyList<PortStatus> ports) => new()
    {
        Device = Settings.Address.ToString(),
        Path = Settings.Path,
        Size = _ata.SizeBytes,
        Interfaces = ports,
        ReadOnly = Settings.ReadOnly,
        WriteCache = Settings.WriteCache,
        Managed = Fence is not null,
        ServesWrites = !Settings.ReadOnly && Problem is null,
        Problem = Problem,
        BootId = BootId.ToString(),
        Epoch = Fence?.State?.GreatestEpoch() ?? 0,
        Writer = Holder(Fence?.State?.Writer),
        Readers = Fence?.State is { } state ? [.. state.Readers.Select(r => Holder(r)!)] : [],
        Ranges = Fence?.State is { } fenced ? [.. fenced.Ranges.Select(r => new RangeStatus(r.Start, r.Length, r.Rest, r.Epoch, r.Writer))] : [],
        Counters = _ata.Counters,
    };

    /// <summary>Serves the size that the medium has now. Runs between frames.</summary>
    /// <exception cref="AoeControlException">It has become smaller, or cannot be asked; it is served as before.</exception>
    internal void Grow() => _ata.Grow();

    public void Dispose() => _ata.Dispose();

    /// <summary>Syncs what initiators were told is not synced yet; for an orderly end.</summary>
    internal void Sync() => _ata.Sync();

    /// <summary>Why what was written may not be on stable storage; null when a sync of it has not failed.</summary>
    internal string? MediumProblem => _ata.Problem;

    private string? Problem => Fence?.Problem ?? _inBand.Problem ?? _ata.Problem;

    // The length of the answer's frame; negative when there is none.
    private int Execute(in AoeHeader header, ReadOnlySpan<byte> frame, PacketBatch answers, IFrameLink link, out AoeError error)
    {
        error = AoeError.None;
        if (header.Version != AoeProtocol.Version)
        {
            error = AoeError.UnsupportedVersion;
            return AoeHeader.Bytes;
        }
        switch (header.Command)
        {
            case AoeCommand.Ata:
                // Nobody means "every disk" by a read or a write.
                return header.Address == Settings.Address ? _ata.Execute(header, frame, answers, link.Mtu, out error) : -1;
            case AoeCommand.QueryConfig:
                var written = Fitting(_inBand.Config(header, frame, answers.Next, link, out error), link, ref error);
                return error == AoeError.None ? Lengthened(written, header, frame, answers.Next, link) : written;
            case AoeCommand.MacMaskList:
                return Fitting(_inBand.Mask(header, frame, answers.Next, MaskSection.RoomFor(link.Mtu), out error), link, ref error);
            case AoeCommand.ReserveRelease:
                return Fitting(_inBand.Reserve(header, frame, answers.Next, ReserveSection.RoomFor(link.Mtu), out error), link, ref error);
            default:
                LogUnknownCommand(_logger, Settings.Address, (byte)header.Command, header.Source);
                error = AoeError.UnrecognizedCommand;
                return AoeHeader.Bytes;
        }
    }

    // What was set over an interface of larger frames, or when this one had them, has no room in the answer: silence would be asked again for ever.
    private static int Fitting(int written, IFrameLink link, ref AoeError error)
    {
        if (written <= AoeProtocol.FrameBytes(link.Mtu)) return written;
        if (error == AoeError.None) error = AoeError.BadArgument;
        return AoeHeader.Bytes;
    }

    // A question that was filled up gets an answer of its length, which shows that frames of this length pass both ways (see
    // PathProbe). Not one to all: it would be multiplied.
    private int Lengthened(int written, in AoeHeader header, ReadOnlySpan<byte> frame, Span<byte> answer, IFrameLink link)
    {
        var length = Math.Min(frame.Length, AoeProtocol.FrameBytes(link.Mtu));
        if (written < 0 || length <= written || header.Address != Settings.Address) return written;
        answer[written..length].Clear();
        return length;
    }

    private static FenceHolder? Holder(FenceEntry? entry) =>
        entry is null ? null : new FenceHolder(entry.Host, entry.Session, [.. entry.Macs.Select(m => m.ToString())]);

    [LoggerMessage(EventId = 1101, Level = LogLevel.Debug, Message = "{Device}: unknown command {Command} from {Source}")]
    private static partial void LogUnknownCommand(ILogger logger, AoeAddress device, byte command, MacAddress source);
}
