using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Godwit.Aoe.Control;
using Godwit.Native.Files;
using Godwit.Storage.Attachments;

namespace Godwit.Storage.Groups;

/// <summary>A volume of a shared group that is active on this host for a domain.</summary>
/// <param name="Disk">As its engine has it.</param>
/// <param name="Sectors">Where it lay when it was activated; empty before.</param>
internal sealed record ActiveVolume(AttachedDisk Disk, ImmutableArray<SectorRange> Sectors);

/// <summary>This host's session at a shared group's device, which all its volumes here share.</summary>
internal sealed record GroupSession(int Session);

/// <summary>
/// What this host has of shared groups, for a daemon that starts:
/// <code>
///   DIRECTORY/e1.0.session                 the stay at the device
///   DIRECTORY/DOMAIN.GROUP.VOLUME.json     an active volume
/// </code>
/// </summary>
internal sealed class GroupRecords(string directory)
{
    public int? SessionAt(string address) => RunFile.Read(PathOf(address), GroupRecordJson.Default.GroupSession)?.Session;

    public void SaveSession(string address, int session)
    {
        PrivateDirectory.Ensure(directory);
        RunFile.Save(PathOf(address), new GroupSession(session), GroupRecordJson.Default.GroupSession);
    }

    public void RemoveSession(string address) => File.Delete(PathOf(address));

    public void Save(ActiveVolume volume)
    {
        PrivateDirectory.Ensure(directory);
        RunFile.Save(PathOf(volume.Disk), volume, GroupRecordJson.Default.ActiveVolume);
    }

    public ActiveVolume? Find(AttachedDisk disk) => RunFile.Read(PathOf(disk), GroupRecordJson.Default.ActiveVolume);

    public IEnumerable<ActiveVolume> List() => RunFile.List(directory, GroupRecordJson.Default.ActiveVolume);

    public void Remove(AttachedDisk disk) => File.Delete(PathOf(disk));

    private string PathOf(string address) => Path.Combine(directory, address + ".session");

    private string PathOf(AttachedDisk disk) => Path.Combine(directory, $"{disk.Domain}.{disk.Disk.Name.Replace('/', '.')}.json");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(GroupSession))]
[JsonSerializable(typeof(ActiveVolume))]
internal sealed partial class GroupRecordJson : JsonSerializerContext;
