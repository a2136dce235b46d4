namespace Godwit.Api;

/// <param name="SizeBytes">The new size.</param>
/// <param name="Shrink">It may be smaller than the present one; what lies behind it is lost.</param>
public sealed record ResizeVolumeRequest(long SizeBytes, bool Shrink = false);

/// <summary>A new volume of what another one holds.</summary>
/// <param name="Name">The new one, <c>group/volume</c>.</param>
/// <param name="SizeBytes">Its size; null for that of the other.</param>
public sealed record CopyVolumeRequest(string Name, long? SizeBytes = null);

/// <param name="File">Path from the root, on the storage host; nothing is there yet.</param>
/// <param name="Format"><c>raw</c> or <c>qcow2</c>.</param>
public sealed record ExportVolumeRequest(string File, string Format);

/// <summary>A group of volumes of a storage host.</summary>
/// <param name="Name">First part of its volumes' names.</param>
/// <param name="Kind"><c>directory</c> or <c>lvm</c>.</param>
/// <param name="StorageHost">The host that has it.</param>
/// <param name="Place">Directory, volume group or thin pool, for a person.</param>
/// <param name="SizeBytes">What it can hold in all; 0 where it cannot be used.</param>
/// <param name="FreeBytes">What is left of it.</param>
/// <param name="Configured">It is named in the host's godwitd.toml, so that no command removes it.</param>
/// <param name="Problem">Why it cannot be used now.</param>
public sealed record VolumeGroupInfo(
    string Name, string Kind, string StorageHost, string Place, long SizeBytes, long FreeBytes, bool Configured, string? Problem = null);

/// <param name="Name">First part of the names of its volumes; with LVM the volume group.</param>
/// <param name="Kind"><c>directory</c>, <c>lvm</c> or <c>shared</c>.</param>
/// <param name="Path">Directory of the files; null for others.</param>
/// <param name="ThinPool">With LVM the thin pool of new volumes; null makes them thick.</param>
/// <param name="On">The exported volume under a shared group.</param>
public sealed record AddVolumeGroupRequest(string Name, string Kind, string? Path = null, string? ThinPool = null, string? On = null);

/// <param name="Target">As in an xl.cfg file: a volume, a device, a file, <c>nbd://…</c> or <c>rbd:…</c>.</param>
public sealed record CheckDiskRequest(string Target);

/// <summary>What a disk's target is, and whether a host that has lost a domain can be kept from writing to it.</summary>
/// <param name="Target">As it was asked for.</param>
/// <param name="Kind">What it is, in words for a person.</param>
/// <param name="Fenced">Another host can be kept from writing.</param>
/// <param name="How">By what; or why not.</param>
/// <param name="SizeBytes">Its size; null where only the engine learns it.</param>
/// <param name="Advice">What to do about it.</param>
public sealed record DiskCheck(string Target, string Kind, bool Fenced, string How, long? SizeBytes = null, string? Advice = null);
