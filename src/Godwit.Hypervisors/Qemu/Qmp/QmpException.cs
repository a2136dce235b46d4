using Godwit.Domains;

namespace Godwit.Hypervisors.Qemu.Qmp;

/// <summary>QEMU refused a command: the class and the description of its error reply.</summary>
public sealed class QmpException(string command, string errorClass, string description)
    : GodwitException("engine-refused", $"QEMU refused {command}: {description}")
{
    public string Command { get; } = command;

    /// <summary>QapiErrorClass of QEMU's qapi/error.json; nearly always <c>GenericError</c>.</summary>
    public string ErrorClass { get; } = errorClass;

    public string Description { get; } = description;
}

/// <summary>The line to QEMU's monitor broke, or what came over it is not QMP.</summary>
public sealed class QmpLostException(string reason, Exception? inner = null) : IOException(reason, inner)
{
    /// <summary>The command never left: QEMU cannot have carried it out.</summary>
    public bool NothingSent { get; init; }
}
