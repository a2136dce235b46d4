using Godwit.Domains;

namespace Godwit.Aoe.Control;

/// <summary>One line that a client sends. Which members count depends on <see cref="Op"/>.</summary>
public sealed record ControlRequest
{
    public required string Op { get; init; }

    /// <summary>The export that is meant, as in <c>e0.0</c>; may be left out where there is one only.</summary>
    public string? Device { get; init; }

    /// <summary>With <c>add</c>.</summary>
    public ExportOrder? Order { get; init; }

    public string? Host { get; init; }

    public IReadOnlyList<string>? Macs { get; init; }

    public long? Epoch { get; init; }

    public int? Session { get; init; }

    /// <summary>
    /// Parts of the disk that are meant, and not all of it: with <c>fence</c> and <c>release</c>; with <c>return</c> and <c>forget</c>
    /// always.
    /// </summary>
    public IReadOnlyList<SectorRange>? Ranges { get; init; }

    /// <summary>With <c>fence</c> of ranges: only those that have no writer.</summary>
    public bool Free { get; init; }

    /// <summary>With <c>admit</c>: frames without a session are the host's too.</summary>
    public bool Sessionless { get; init; }
}

/// <summary>One line that a server answers.</summary>
public sealed record ControlReply
{
    public required bool Ok { get; init; }

    public ControlError? Error { get; init; }

    public int? Session { get; init; }

    public long? PreviousEpoch { get; init; }

    public ExportStatus? Export { get; init; }

    public IReadOnlyList<ExportStatus>? Exports { get; init; }

    public AttachStatus? Attach { get; init; }

    public static ControlReply Done { get; } = new() { Ok = true };

    public static ControlReply Refused(GodwitException e) => new()
    {
        Ok = false,
        Error = new ControlError(e.Code, e.Message) { Remedy = e.Remedy, HeldEpoch = (e as AoeControlException)?.HeldEpoch },
    };
}

public sealed record ControlError(string Code, string Message)
{
    public string? Remedy { get; init; }

    public long? HeldEpoch { get; init; }
}

/// <summary>Names of the operations on the wire.</summary>
internal static class ControlOp
{
    public const string Admit = "admit";
    public const string Fence = "fence";
    public const string Release = "release";
    public const string Return = "return";
    public const string Forget = "forget";
    public const string Init = "init";
    public const string Status = "status";
    public const string Add = "add";
    public const string Remove = "remove";
    public const string List = "list";
    public const string Grow = "grow";
    public const string Session = "session";
    public const string Flush = "flush";
    public const string Detach = "detach";
}
