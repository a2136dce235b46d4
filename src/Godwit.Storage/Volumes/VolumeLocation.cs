using Godwit.Domains;

namespace Godwit.Storage.Volumes;

/// <summary>A volume of the pool and where it is served.</summary>
/// <param name="Name">Its name, <c>group/volume</c>.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="StorageHost">The host that serves it.</param>
/// <param name="Shelf">First part of its ATA-over-Ethernet address.</param>
/// <param name="Slot">Second part of it.</param>
public sealed record VolumeLocation(VolumeName Name, long SizeBytes, string StorageHost, int Shelf, int Slot);
