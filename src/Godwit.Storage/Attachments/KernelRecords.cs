using System.Text.Json;
using System.Text.Json.Serialization;
using Godwit.Native.Files;

namespace Godwit.Storage.Attachments;

/// <summary>Disks that the kernel's driver serves to domains of this host, a file each.</summary>
internal sealed class KernelRecords(string directory)
{
    public void Save(AttachedDisk disk)
    {
        PrivateDirectory.Ensure(directory);
        RunFile.Save(PathOf(disk), disk, KernelRecordJson.Default.AttachedDisk);
    }

    public AttachedDisk? Find(AttachedDisk disk) => RunFile.Read(PathOf(disk), KernelRecordJson.Default.AttachedDisk);

    public IEnumerable<AttachedDisk> List() => RunFile.List(directory, KernelRecordJson.Default.AttachedDisk);

    public void Remove(AttachedDisk disk) => File.Delete(PathOf(disk));

    private string PathOf(AttachedDisk disk) => Path.Combine(directory, $"{disk.Domain}.{VolumeSessions.AddressOf(disk.Disk)}.json");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AttachedDisk))]
internal sealed partial class KernelRecordJson : JsonSerializerContext;
