using Godwit.Domains;

namespace Godwit.Storage.Volumes;

/// <summary>A volume of the pool and where it is served.</summary>
/// <param name="Name">Its name, <c>group/volume</c>.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="StorageHost">The host that serves it.</param>
/// <param name="Shelf">First part of its ATA-over-Ethernet address.</param>
/// <param name="Slot">Second part of it.</param>
/// <param name="LiesOn">The exported volume that it lies on, whose address this is; null where it is exported itself.</param>
/// <param name="SharedGroup">Group of volumes that lies on it; null where none does.</param>
public sealed record VolumeLocation(
    VolumeName Name, long SizeBytes, string StorageHost, int Shelf, int Slot, VolumeName? LiesOn = null, string? SharedGroup = null);
