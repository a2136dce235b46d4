using System.Text.Json;

namespace Godwit.Hypervisors.Qemu.Qmp;

/// <summary>
/// One line from QEMU (docs/interop/qmp-spec.rst):
/// <code>
/// {"QMP": {"version": …, "capabilities": […]}}                                 greeting, first of all
/// {"return": VALUE, "id": ID}                                                  reply
/// {"error": {"class": TEXT, "desc": TEXT}, "id": ID}                           reply
/// {"event": NAME, "data": {…}, "timestamp": {"seconds": N, "microseconds": N}} event, at any time
/// </code>
/// </summary>
internal abstract record QmpMessage
{
    public sealed record Greeting(string Version) : QmpMessage;

    public sealed record Return(long Id, JsonElement Value) : QmpMessage;

    /// <summary>An error; without an id it answers a line that QEMU could not read at all.</summary>
    public sealed record Error(long? Id, string Class, string Description) : QmpMessage;

    public sealed record Event(QmpEvent Value) : QmpMessage;

    /// <summary>Something the specification may have grown since: to be passed over.</summary>
    public sealed record Unknown : QmpMessage;

    /// <exception cref="QmpLostException">The line is no JSON object, or a known message with wrong members.</exception>
    public static QmpMessage Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException
            or FormatException or ArgumentOutOfRangeException)
        {
            throw new QmpLostException("QEMU's monitor said something that is not QMP", e);
        }
    }

    private static QmpMessage Read(JsonElement root)
    {
        if (root.TryGetProperty("event", out var name))
            return new Event(new QmpEvent(
                Text(name),
                ReadTime(root.GetProperty("timestamp")),
                root.TryGetProperty("data", out var data) ? data.Clone() : default));
        if (root.TryGetProperty("return", out var value))
            return root.TryGetProperty("id", out var id) ? new Return(id.GetInt64(), value.Clone()) : new Unknown();
        if (root.TryGetProperty("error", out var error))
            return new Error(
                root.TryGetProperty("id", out var failed) ? failed.GetInt64() : null,
                Text(error.GetProperty("class")),
                Text(error.GetProperty("desc")));
        if (root.TryGetProperty("QMP", out var greeting))
        {
            var version = greeting.GetProperty("version").GetProperty("qemu");
            return new Greeting(
                $"{version.GetProperty("major").GetInt32()}.{version.GetProperty("minor").GetInt32()}.{version.GetProperty("micro").GetInt32()}");
        }
        return new Unknown();
    }

    private static string Text(JsonElement element) => element.GetString() ?? throw new FormatException("null for a text");

    private static DateTimeOffset ReadTime(JsonElement timestamp) =>
        DateTimeOffset.FromUnixTimeSeconds(timestamp.GetProperty("seconds").GetInt64())
            .AddMicroseconds(timestamp.GetProperty("microseconds").GetInt64());
}
