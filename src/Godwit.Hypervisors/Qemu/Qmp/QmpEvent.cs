using System.Text.Json;

namespace Godwit.Hypervisors.Qemu.Qmp;

/// <summary>An event as QEMU sent it.</summary>
/// <param name="Name">Such as <c>STOP</c>; names unknown here are passed on like all others.</param>
/// <param name="At">QEMU's own time stamp, in whole microseconds.</param>
/// <param name="Data">The event's data; of kind Undefined when it has none.</param>
internal sealed record QmpEvent(string Name, DateTimeOffset At, JsonElement Data)
{
    /// <summary>A member of the data that is text; null when it is absent or something else.</summary>
    public string? Text(string member) =>
        Data.ValueKind == JsonValueKind.Object && Data.TryGetProperty(member, out var value)
            && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    public int? Number(string member) =>
        Data.ValueKind == JsonValueKind.Object && Data.TryGetProperty(member, out var value)
            && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
            ? number
            : null;
}
