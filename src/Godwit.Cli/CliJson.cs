using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Godwit.Api;
using Godwit.Cli.Configurations;
using Godwit.Domains;
using Godwit.Lab;

namespace Godwit.Cli;

/// <summary>
/// JSON as this program prints it: what the API has, as the API has it; what only this program has, in the same
/// manner. Results are indented, errors and events stand in one line.
/// </summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters =
    [
        typeof(KebabCaseEnumConverter<DiskBackend>),
        typeof(KebabCaseEnumConverter<DiskFormat>),
        typeof(KebabCaseEnumConverter<GuestType>),
        typeof(KebabCaseEnumConverter<LifecycleAction>),
        typeof(KebabCaseEnumConverter<HostRoles>),
    ])]
[JsonSerializable(typeof(ConfigReport))]
[JsonSerializable(typeof(VersionInfo))]
[JsonSerializable(typeof(LabStatus))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>The API's JSON, indented.</summary>
    public static GodwitJson Api => field ??= new(new JsonSerializerOptions(GodwitJson.Default.Options) { WriteIndented = true });

    public static void Write<T>(TextWriter output, T value, JsonTypeInfo<T> type) =>
        output.WriteLine(JsonSerializer.Serialize(value, type));
}

internal sealed record VersionInfo(string Version);
