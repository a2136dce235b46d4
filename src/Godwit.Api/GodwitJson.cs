using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Godwit.Domains;

namespace Godwit.Api;

/// <summary>JSON of the API: camelCase names, enumerations as kebab-case words, nothing where there is null.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters =
    [
        typeof(KebabCaseEnumConverter<DomainState>),
        typeof(KebabCaseEnumConverter<DomainVerb>),
        typeof(KebabCaseEnumConverter<DiskBackend>),
        typeof(KebabCaseEnumConverter<DiskFormat>),
        typeof(KebabCaseEnumConverter<GuestType>),
        typeof(KebabCaseEnumConverter<LifecycleAction>),
        typeof(KebabCaseEnumConverter<FindingLevel>),
    ])]
[JsonSerializable(typeof(ApiError))]
[JsonSerializable(typeof(DomainInfo))]
[JsonSerializable(typeof(ImmutableArray<DomainInfo>))]
[JsonSerializable(typeof(CreateDomainRequest))]
[JsonSerializable(typeof(SetMemoryRequest))]
[JsonSerializable(typeof(SetVirtualCpusRequest))]
[JsonSerializable(typeof(RestoreDomainRequest))]
[JsonSerializable(typeof(TakeOverRequest))]
[JsonSerializable(typeof(TakeOverInfo))]
[JsonSerializable(typeof(HostInfo))]
[JsonSerializable(typeof(ImmutableArray<HostInfo>))]
[JsonSerializable(typeof(HostFacts))]
[JsonSerializable(typeof(HostCheckReport))]
[JsonSerializable(typeof(ImmutableArray<HostCheckReport>))]
[JsonSerializable(typeof(ReachAnswer))]
[JsonSerializable(typeof(VolumeInfo))]
[JsonSerializable(typeof(ImmutableArray<VolumeInfo>))]
[JsonSerializable(typeof(VolumeDetails))]
[JsonSerializable(typeof(CreateVolumeRequest))]
[JsonSerializable(typeof(ResizeVolumeRequest))]
[JsonSerializable(typeof(CopyVolumeRequest))]
[JsonSerializable(typeof(ExportVolumeRequest))]
[JsonSerializable(typeof(VolumeGroupInfo))]
[JsonSerializable(typeof(ImmutableArray<VolumeGroupInfo>))]
[JsonSerializable(typeof(AddVolumeGroupRequest))]
[JsonSerializable(typeof(CheckDiskRequest))]
[JsonSerializable(typeof(DiskCheck))]
[JsonSerializable(typeof(MigrateRequest))]
[JsonSerializable(typeof(MigrationInfo))]
[JsonSerializable(typeof(ImmutableArray<MigrationInfo>))]
[JsonSerializable(typeof(MigrationEvent))]
[JsonSerializable(typeof(ImageInfo))]
[JsonSerializable(typeof(ImmutableArray<ImageInfo>))]
[JsonSerializable(typeof(BuildImageRequest))]
[JsonSerializable(typeof(GuestVolumesRequest))]
[JsonSerializable(typeof(CreateGuestRequest))]
[JsonSerializable(typeof(JobInfo))]
[JsonSerializable(typeof(ImmutableArray<JobInfo>))]
[JsonSerializable(typeof(JobEvent))]
[JsonSerializable(typeof(PoolInfo))]
[JsonSerializable(typeof(PoolInitRequest))]
[JsonSerializable(typeof(PoolToken))]
[JsonSerializable(typeof(PoolExcuse))]
[JsonSerializable(typeof(PoolJoinRequest))]
[JsonSerializable(typeof(PoolMemberRequest))]
[JsonSerializable(typeof(PoolMembership))]
public sealed partial class GodwitJson : JsonSerializerContext;
