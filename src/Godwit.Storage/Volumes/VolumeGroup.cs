namespace Godwit.Storage.Volumes;

/// <summary>A group of volumes that are sparse files of one directory.</summary>
public sealed record VolumeGroup(string Name, string Directory);
