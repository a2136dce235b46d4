using System.Text.Json;
using System.Text.Json.Serialization;
using Godwit.Native.Files;
using Godwit.Native.Processes;

namespace Godwit.Storage.Attachments;

/// <summary>An attachment as a daemon that starts finds it again.</summary>
/// <param name="Disk">What was attached.</param>
/// <param name="Process">The <c>godwit-aoe attach</c> that serves it.</param>
/// <param name="Replaced">Whether that process took the place of one that died.</param>
internal sealed record AttachmentRecord(AttachedDisk Disk, RunningProcess Process, bool Replaced = false);

/// <summary>Attachments of a host, a file each in its run directory: like the processes they end with the power.</summary>
/// <param name="directory">Where.</param>
/// <param name="passable">Whether an engine of another user opens its sockets there.</param>
internal sealed class AttachmentFiles(string directory, bool passable = false)
{
    public string SocketOf(string domain, int index) => Path.Combine(directory, $"{domain}.{index}.nbd");

    public static string ControlOf(AttachedDisk disk) => Path.ChangeExtension(disk.Path, ".ctl");

    public static string StopOf(string socketPath) => Path.ChangeExtension(socketPath, ".stop");

    public static string MemoryOf(AttachedDisk disk) => Path.ChangeExtension(disk.Path, ".memory");

    public static string LogOf(AttachedDisk disk) => Path.ChangeExtension(disk.Path, ".log");

    public void EnsureDirectory() => PrivateDirectory.Ensure(directory, passable);

    public void Save(AttachmentRecord record)
    {
        EnsureDirectory();
        RunFile.Save(RecordOf(record.Disk), record, AttachmentJson.Default.AttachmentRecord);
    }

    public static AttachmentRecord? Find(AttachedDisk disk) => RunFile.Read(RecordOf(disk), AttachmentJson.Default.AttachmentRecord);

    public IEnumerable<AttachmentRecord> List() => RunFile.List(directory, AttachmentJson.Default.AttachmentRecord);

    public static void Remove(AttachedDisk disk)
    {
        foreach (var path in new[] { RecordOf(disk), disk.Path, ControlOf(disk), StopOf(disk.Path), MemoryOf(disk), LogOf(disk) })
            File.Delete(path);
    }

    /// <summary>Removes the sockets that a dead process served; the engine's own, and the log, stay.</summary>
    public static void RemoveSockets(AttachedDisk disk)
    {
        File.Delete(disk.Path);
        File.Delete(ControlOf(disk));
    }

    private static string RecordOf(AttachedDisk disk) => Path.ChangeExtension(disk.Path, ".json");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AttachmentRecord))]
internal sealed partial class AttachmentJson : JsonSerializerContext;
