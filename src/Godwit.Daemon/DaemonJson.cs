using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Godwit.Api;
using Godwit.Daemon.Http;
using Godwit.Daemon.Images;
using Godwit.Daemon.Members;
using Godwit.Daemon.Pki;
using Godwit.Daemon.Registry;
using Godwit.Daemon.Volumes;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Restoration;
using Godwit.Storage.Groups;

namespace Godwit.Daemon;

/// <summary>JSON of the daemon's own files, and of what crosses between daemons and is no part of the users' API.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters =
    [
        typeof(KebabCaseEnumConverter<DiskBackend>),
        typeof(KebabCaseEnumConverter<DiskFormat>),
        typeof(KebabCaseEnumConverter<GuestType>),
        typeof(KebabCaseEnumConverter<LifecycleAction>),
        typeof(KebabCaseEnumConverter<RunState>),
        typeof(KebabCaseEnumConverter<RelocationOutcome>),
        typeof(KebabCaseEnumConverter<GroupOrderKind>),
    ])]
[JsonSerializable(typeof(ImmutableArray<TokenEntry>))]
[JsonSerializable(typeof(PoolFile))]
[JsonSerializable(typeof(AuditEntry))]
[JsonSerializable(typeof(DomainRecord))]
[JsonSerializable(typeof(ImmutableArray<DomainRecord>))]
[JsonSerializable(typeof(HostRecord))]
[JsonSerializable(typeof(ImmutableArray<HostRecord>))]
[JsonSerializable(typeof(VolumeRecord))]
[JsonSerializable(typeof(ImmutableArray<VolumeRecord>))]
[JsonSerializable(typeof(CompareAndSetRequest))]
[JsonSerializable(typeof(CompareAndSetResult))]
[JsonSerializable(typeof(HostReport))]
[JsonSerializable(typeof(RegistryProbe))]
[JsonSerializable(typeof(DrawnEpoch))]
[JsonSerializable(typeof(ImmutableArray<string>))]
[JsonSerializable(typeof(AdmitRequest))]
[JsonSerializable(typeof(AdmitAnswer))]
[JsonSerializable(typeof(FenceRequest))]
[JsonSerializable(typeof(FenceAnswer))]
[JsonSerializable(typeof(ReleaseRequest))]
[JsonSerializable(typeof(GrownRequest))]
[JsonSerializable(typeof(SectorsRequest))]
[JsonSerializable(typeof(LayoutRequest))]
[JsonSerializable(typeof(GroupOrder))]
[JsonSerializable(typeof(PendingGuest))]
internal sealed partial class DaemonJson : JsonSerializerContext;
