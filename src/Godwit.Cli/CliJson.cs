using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Godwit.Api;
using Godwit.Cli.Configurations;
using Godwit.Lab;

namespace Godwit.Cli;

/// <summary>
/// JSON as this program prints it, with the API's names: indented for results, in one line for errors and events.
/// </summary>
[JsonSerializable(typeof(ApiError))]
[JsonSerializable(typeof(ImmutableArray<DomainInfo>))]
[JsonSerializable(typeof(ImmutableArray<HostInfo>))]
[JsonSerializable(typeof(ImmutableArray<VolumeInfo>))]
[JsonSerializable(typeof(ImmutableArray<MigrationInfo>))]
[JsonSerializable(typeof(MigrationEvent))]
[JsonSerializable(typeof(PoolInfo))]
[JsonSerializable(typeof(PoolToken))]
[JsonSerializable(typeof(ConfigReport))]
[JsonSerializable(typeof(VersionInfo))]
[JsonSerializable(typeof(LabStatus))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class CliJson : JsonSerializerContext
{
    public static CliJson OneLine => Default;

    public static CliJson Pretty => field ??= new(new JsonSerializerOptions(Default.Options!) { WriteIndented = true });

    public static void Write<T>(TextWriter output, T value, JsonTypeInfo<T> type) =>
        output.WriteLine(JsonSerializer.Serialize(value, type));
}

internal sealed record VersionInfo(string Version);
