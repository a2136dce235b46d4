using System.Text.Json.Serialization;
using Godwit.Aoe.Control;

namespace Godwit.AoeTool.Running;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<DiscoveredDevice>))]
[JsonSerializable(typeof(IReadOnlyList<DeviceStat>))]
[JsonSerializable(typeof(ExportStatus))]
[JsonSerializable(typeof(IReadOnlyList<ExportStatus>))]
[JsonSerializable(typeof(RemovedDevice))]
[JsonSerializable(typeof(AttachStatus))]
[JsonSerializable(typeof(IReadOnlyList<AttachStatus>))]
internal sealed partial class ToolJson : JsonSerializerContext;

/// <summary>What <c>target remove</c> has done.</summary>
internal sealed record RemovedDevice(string Removed);
