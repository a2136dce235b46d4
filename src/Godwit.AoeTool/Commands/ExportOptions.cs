using System.CommandLine;
using Godwit.Aoe.Control;
using Godwit.Aoe.Wire;

namespace Godwit.AoeTool.Commands;

/// <summary>What says how a disk is served: the same for the first of a process and for those that are added to it.</summary>
internal sealed class ExportOptions
{
    private readonly Argument<string> _path = new("PATH") { Description = "File (sparse or not) or block device to serve" };
    private readonly Option<int> _shelf = CommonOptions.Number("--shelf", "N", "Shelf of the address", 0, AoeAddress.LastShelf);
    private readonly Option<int> _slot = CommonOptions.Number("--slot", "N", "Slot of the address", 0, AoeAddress.LastSlot);
    private readonly Option<string[]> _interfaces = new("--interface", "-i")
    {
        Description = "Network interface of the storage network; given several times, the disk is reached by each",
        HelpName = "IF",
        Required = true,
        AllowMultipleArgumentsPerToken = false,
    };
    private readonly Option<bool> _readOnly = new("--read-only", "-r") { Description = "Refuse writes" };
    private readonly Option<long> _offset = new("--offset") { Description = "Serve from this byte on", HelpName = "BYTES" };
    private readonly Option<long?> _length = new("--length") { Description = "Serve that many bytes", HelpName = "BYTES" };
    private readonly Option<string[]> _macs = new("--mac", "-m")
    {
        Description = "Ethernet address to answer; may be given several times. Default: all",
        HelpName = "MAC",
        AllowMultipleArgumentsPerToken = false,
    };
    private readonly Option<bool> _writeCache = new("--write-cache")
    {
        Description = "Answer writes before they are on stable storage: fast, and lost with the machine's power",
    };
    private readonly Option<bool> _managed = new("--managed")
    {
        Description = "In a pool: one writer at a time, set through the control socket; reservations over the wire are refused",
    };
    private readonly Option<bool> _newState = new("--new-state")
    {
        Description = "With --managed: begin the fence of a disk that never had one. Without it, a missing state serves nobody",
    };
    private readonly Option<string?> _state = new("--state")
    {
        Description = "Directory that keeps fence, reservations, masks and configuration string over restarts",
        HelpName = "DIR",
    };
    private readonly Option<string?> _local = new("--local")
    {
        Description = "Socket by which 'attach --local' of this host reaches the disk: frames do not come back to the host that sends them",
        HelpName = "SOCKET",
    };
    private readonly Option<int> _buffers = CommonOptions.Number("--buffers", "N", "Frames that initiators may have on their way", 1, 1024, 128);

    public void AddTo(Command command)
    {
        command.Arguments.Add(_path);
        foreach (var option in (Option[])[_shelf, _slot, _interfaces, _readOnly, _offset, _length, _macs, _writeCache, _managed, _newState, _state, _local, _buffers])
            command.Options.Add(option);
    }

    public ExportOrder Order(ParseResult parsed) => new()
    {
        Path = Path.GetFullPath(parsed.GetRequiredValue(_path)),
        Device = new AoeAddress((ushort)parsed.GetValue(_shelf), (byte)parsed.GetValue(_slot)).ToString(),
        Interfaces = parsed.GetRequiredValue(_interfaces),
        ReadOnly = parsed.GetValue(_readOnly),
        Offset = parsed.GetValue(_offset),
        Length = parsed.GetValue(_length),
        Macs = parsed.GetValue(_macs) ?? [],
        WriteCache = parsed.GetValue(_writeCache),
        Managed = parsed.GetValue(_managed),
        NewState = parsed.GetValue(_newState),
        State = parsed.GetValue(_state) is { } directory ? Path.GetFullPath(directory) : null,
        Local = parsed.GetValue(_local) is { } socket ? Path.GetFullPath(socket) : null,
        Buffers = parsed.GetValue(_buffers),
    };
}
