using System.Text.Json.Serialization;
using Godwit.Hypervisors.Qemu.Qmp.Commands;

namespace Godwit.Hypervisors.Qemu.Qmp;

/// <summary>Members are spelled as QEMU spells them: lower case, with hyphens.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatusInfo))]
[JsonSerializable(typeof(SendKeyArguments))]
[JsonSerializable(typeof(BlockResizeArguments))]
[JsonSerializable(typeof(HumanMonitorArguments))]
[JsonSerializable(typeof(MigrationCapability[]))]
[JsonSerializable(typeof(MigrationCapabilities))]
[JsonSerializable(typeof(MigrationParameters))]
[JsonSerializable(typeof(MigrateArguments))]
[JsonSerializable(typeof(MigrateContinueArguments))]
[JsonSerializable(typeof(MigrationInfo))]
[JsonSerializable(typeof(MachineInfo[]))]
[JsonSerializable(typeof(CpuDefinition[]))]
internal sealed partial class QmpJson : JsonSerializerContext;
