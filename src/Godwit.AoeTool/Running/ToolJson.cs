using System.Text.Json.Serialization;
using Godwit.Aoe.Control;

namespace Godwit.AoeTool.Running;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<DiscoveredDevice>))]
[JsonSerializable(typeof(IReadOnlyList<DeviceStat>))]
[JsonSerializable(typeof(ExportStatus))]
[JsonSerializable(typeof(AttachStatus))]
internal sealed partial class ToolJson : JsonSerializerContext;
