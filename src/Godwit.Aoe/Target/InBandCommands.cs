using System.Collections.Immutable;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Microsoft.Extensions.Logging;

namespace Godwit.Aoe.Target;

/// <summary>
/// Commands 1 to 3: configuration string, masks and reservations, kept in a file before they are answered. In a pool
/// nothing of it can be changed over the wire, where anybody may speak.
/// </summary>
internal sealed partial class InBandCommands
{
    private const ushort Firmware = 0x0001;
    private readonly ExportSettings _settings;
    private readonly bool _refuses;
    private readonly ILogger? _logger;
    private InBandState _state = new();

    private InBandCommands(ExportSettings settings, bool refuses, ILogger? logger)
    {
        _settings = settings;
        _refuses = refuses;
        _logger = logger;
    }

    /// <summary>Why no writes are served; null when all is well.</summary>
    public string? Problem { get; private set; }

    public static InBandCommands Refusing(ExportSettings settings) => new(settings, refuses: true, null);

    /// <summary>
    /// With the state of the last run. Where that cannot be read, reservations may have been lost, so no writes are
    /// served until somebody has looked.
    /// </summary>
    public static InBandCommands Load(ExportSettings settings, ILogger logger)
    {
        var commands = new InBandCommands(settings, refuses: false, logger);
        if (settings.StateDirectory is null) return commands;
        try
        {
            commands._state = InBandState.Load(settings.InBandPath);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            commands.Problem = $"reservations and masks cannot be read: {e.Message}";
        }
        return commands;
    }

    public bool ListensTo(MacAddress source) => _state.Masks.IsEmpty || _state.Masks.Contains(source);

    public bool MaySendAta(MacAddress source) => _state.Reservers.IsEmpty || _state.Reservers.Contains(source);

    public int Config(in AoeHeader header, ReadOnlySpan<byte> frame, Span<byte> answer, IFrameLink link, out AoeError error)
    {
        error = AoeError.None;
        if (ConfigSection.TryRead(frame, out var config) != MalformedFrame.No) return Bad(out error);
        var held = _state.ConfigString.AsSpan();
        switch (config.Command)
        {
            case ConfigCommand.Read:
                break;
            case ConfigCommand.Test:
                if (!held.SequenceEqual(config.String)) return -1;
                break;
            case ConfigCommand.TestPrefix:
                if (!held.StartsWith(config.String)) return -1;
                break;
            case ConfigCommand.Set or ConfigCommand.ForceSet:
                if (!MayChange(header, out error)) return error == AoeError.None ? -1 : AoeHeader.Bytes;
                if (config.Command == ConfigCommand.Set && held.Length > 0 && !held.SequenceEqual(config.String))
                    error = AoeError.ConfigStringPresent;
                else
                    error = Store(_state with { ConfigString = config.String.ToArray() });
                break;
            default:
                return Bad(out error);
        }
        return WriteConfig(answer, link, config.Command);
    }

    public int WriteConfig(Span<byte> answer, IFrameLink link, ConfigCommand command)
    {
        var config = new ConfigSection
        {
            BufferCount = _settings.BufferCount,
            Firmware = Firmware,
            SectorsPerFrame = (byte)AoeProtocol.SectorsPerFrame(link.Mtu),
            Command = command,
            String = _state.ConfigString,
        };
        config.Write(answer);
        return config.FrameBytes;
    }

    /// <param name="room">Longest list that can be told.</param>
    public int Mask(in AoeHeader header, ReadOnlySpan<byte> frame, Span<byte> answer, int room, out AoeError error)
    {
        error = AoeError.None;
        if (MaskSection.TryRead(frame, out var mask) != MalformedFrame.No) return Bad(out error);
        var failure = MaskError.None;
        if (mask.Command == MaskCommand.Edit)
        {
            if (!MayChange(header, out error)) return error == AoeError.None ? -1 : AoeHeader.Bytes;
            failure = Edit(mask, room, out var masks);
            if (failure == MaskError.None) error = Store(_state with { Masks = masks });
        }
        else if (mask.Command != MaskCommand.Read)
        {
            return Bad(out error);
        }
        Span<MaskDirective> list = stackalloc MaskDirective[MaskSection.Longest];
        for (var i = 0; i < _state.Masks.Length; i++) list[i] = new MaskDirective(MaskChange.Add, _state.Masks[i]);
        return MaskSection.Write(answer, mask.Command, failure, list[.._state.Masks.Length]);
    }

    /// <param name="room">Longest list that can be told.</param>
    public int Reserve(in AoeHeader header, ReadOnlySpan<byte> frame, Span<byte> answer, int room, out AoeError error)
    {
        error = AoeError.None;
        if (ReserveSection.TryRead(frame, out var reserve) != MalformedFrame.No) return Bad(out error);
        if (reserve.Command is ReserveCommand.Set or ReserveCommand.ForceSet)
        {
            if (!MayChange(header, out error)) return error == AoeError.None ? -1 : AoeHeader.Bytes;
            if (reserve.Command == ReserveCommand.Set && !MaySendAta(header.Source))
                error = AoeError.TargetIsReserved;
            else if (Addresses(reserve) is var reservers && reservers.Length > room)
                return Bad(out error);
            else
                error = Store(_state with { Reservers = reservers });
        }
        else if (reserve.Command != ReserveCommand.Read)
        {
            return Bad(out error);
        }
        return ReserveSection.Write(answer, reserve.Command, _state.Reservers.AsSpan());
    }

    // An order to all targets at once is never meant; it is passed over in silence.
    private bool MayChange(in AoeHeader header, out AoeError error)
    {
        error = AoeError.None;
        if (header.Address != _settings.Address) return false;
        if (_refuses) error = AoeError.TargetIsReserved;
        else if (Problem is not null) error = AoeError.DeviceUnavailable;
        return error == AoeError.None;
    }

    private MaskError Edit(in MaskSection mask, int room, out ImmutableArray<MacAddress> masks)
    {
        var edited = _state.Masks.ToBuilder();
        masks = _state.Masks;
        for (var i = 0; i < mask.Count; i++)
        {
            var directive = mask[i];
            switch (directive.Change)
            {
                case MaskChange.None:
                    break;
                case MaskChange.Add:
                    if (!edited.Contains(directive.Mac)) edited.Add(directive.Mac);
                    break;
                case MaskChange.Delete:
                    edited.Remove(directive.Mac);
                    break;
                default:
                    return MaskError.BadDirective;
            }
        }
        if (edited.Count > room) return MaskError.ListFull;
        masks = edited.ToImmutable();
        return MaskError.None;
    }

    private static ImmutableArray<MacAddress> Addresses(in ReserveSection reserve)
    {
        var addresses = ImmutableArray.CreateBuilder<MacAddress>(reserve.Count);
        for (var i = 0; i < reserve.Count; i++)
        {
            if (!addresses.Contains(reserve[i])) addresses.Add(reserve[i]);
        }
        return addresses.ToImmutable();
    }

    private AoeError Store(InBandState state)
    {
        try
        {
            if (_settings.StateDirectory is not null) state.Save(_settings.InBandPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotSaved(_logger!, _settings.Address, e.Message);
            return AoeError.DeviceUnavailable;
        }
        _state = state;
        return AoeError.None;
    }

    private static int Bad(out AoeError error)
    {
        error = AoeError.BadArgument;
        return AoeHeader.Bytes;
    }

    [LoggerMessage(EventId = 1121, Level = LogLevel.Error,
        Message = "{Device}: a change over the wire was refused, as it could not be saved: {Reason}")]
    private static partial void LogNotSaved(ILogger logger, AoeAddress device, string reason);
}
