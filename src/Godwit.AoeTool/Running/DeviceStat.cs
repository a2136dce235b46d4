using System.Globalization;
using Godwit.Aoe.Initiator;
using Godwit.Aoe.Wire;

namespace Godwit.AoeTool.Running;

/// <summary>A line of <c>stat</c>.</summary>
internal sealed record DeviceStat
{
    public const string Up = "up";

    public required string Device { get; init; }

    /// <summary>Bytes.</summary>
    public long? Size { get; init; }

    public string? Interface { get; init; }

    public int? Mtu { get; init; }

    public string? Mac { get; init; }

    /// <summary>Whether the target answers: <c>up</c> or <c>down</c>.</summary>
    public required string State { get; init; }

    /// <summary><c>open</c>, <c>reserved by N</c>, <c>fenced, epoch N</c>, or <c>unknown</c>.</summary>
    public required string Access { get; init; }

    /// <summary>Epoch of the fence, where the target is in a pool.</summary>
    public long? Epoch { get; init; }

    /// <summary>Number of addresses that hold the reservation.</summary>
    public int? Reservers { get; init; }

    public static DeviceStat From((FoundTarget Target, TargetDetails? Details) found) => new()
    {
        Device = found.Target.Address.ToString(),
        Size = found.Details?.SizeBytes,
        Interface = found.Target.Interface,
        Mtu = found.Target.Mtu,
        Mac = found.Target.Mac.ToString(),
        State = Up,
        Access = Describe(found.Details),
        Epoch = IsFenced(found.Details) ? found.Details!.Godwit!.Epoch : null,
        Reservers = found.Details?.Reservers,
    };

    public static DeviceStat Down(AoeAddress address) =>
        new() { Device = address.ToString(), State = "down", Access = "unknown" };

    private static bool IsFenced(TargetDetails? details) => details?.Godwit is { Standing: not FenceStanding.Unfenced };

    private static string Describe(TargetDetails? details) => details switch
    {
        { Godwit: { Standing: not FenceStanding.Unfenced } godwit } =>
            string.Create(CultureInfo.InvariantCulture, $"fenced, epoch {godwit.Epoch}"),
        { Reservers: > 0 and var count } => string.Create(CultureInfo.InvariantCulture, $"reserved by {count}"),
        { SizeBytes: not null } => "open",
        _ => "unknown",
    };
}
