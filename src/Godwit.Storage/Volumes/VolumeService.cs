using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Domains.Config;
using Godwit.Native.Files;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Storage.Volumes;

/// <summary>
/// The volumes of a storage host: sparse files of its groups, each exported for as long as it is in the catalog.
/// </summary>
public sealed class VolumeService(
    string host,
    ImmutableArray<VolumeGroup> groups,
    VolumeCatalog catalog,
    VolumeExports exports,
    TimeProvider time,
    ILogger<VolumeService> log)
{
    private const long LargestSize = 1L << 50;
    private const int SectorLength = 512;
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    public ImmutableArray<VolumeLocation> List() => [.. catalog.Entries.Select(Locate)];

    /// <exception cref="GodwitException">There is no such volume; the remedy names the nearest.</exception>
    public CatalogEntry Find(VolumeName name) => catalog.Find(name)
        ?? throw new GodwitException(
            StorageErrors.NoSuchVolume,
            $"{host} has no volume {name}.",
            Nearest.To(name.ToString(), catalog.Entries.Select(entry => entry.Name.ToString())) is { } near
                ? $"Did you mean {near}?"
                : "`godwit volume list` shows those there are.");

    /// <summary>Makes an empty volume and exports it. On failure nothing of it is left.</summary>
    public async Task<VolumeLocation> CreateAsync(VolumeName name, long sizeBytes, CancellationToken cancellationToken)
    {
        if (sizeBytes is <= 0 or > LargestSize || sizeBytes % SectorLength != 0)
        {
            throw new GodwitException(
                StorageErrors.BadSize, $"A volume cannot have {sizeBytes} bytes.", $"Give a multiple of {SectorLength} up to {LargestSize}.");
        }
        var path = PathOf(name);
        var entry = catalog.Add(name, sizeBytes);
        try
        {
            var file = Make(path);
            try
            {
                using (file)
                    Extend(file, path, sizeBytes);
                StableStorage.SyncDirectory(Path.GetDirectoryName(path)!);
                await exports.EnsureAsync(entry, path, isNew: true, cancellationToken);
            }
            catch
            {
                File.Delete(path);
                throw;
            }
        }
        catch
        {
            catalog.Remove(name);
            throw;
        }
        return Locate(entry);
    }

    private static SafeFileHandle Make(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        }
        // A directory of that name gives the second one.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && Path.Exists(path))
        {
            throw new GodwitException(
                StorageErrors.VolumeExists, $"{path} is there already, and no volume of the pool.", "Remove it, or choose another name.", e);
        }
    }

    private static void Extend(SafeFileHandle file, string path, long sizeBytes)
    {
        try
        {
            RandomAccess.SetLength(file, sizeBytes);
        }
        // Too large comes as an argument that is out of range.
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            throw new GodwitException(StorageErrors.BadSize, $"{path} cannot have {sizeBytes} bytes: {e.Message}",
                "See that the file system of the group allows files of this size.", e);
        }
    }

    /// <summary>Exports all volumes, and goes on to start again what ends, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(catalog.Entries.Select(entry => EnsureAsync(entry, cancellationToken)));
        using var timer = new PeriodicTimer(WatchInterval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach (var entry in catalog.Entries)
            {
                if (await exports.HasEndedAsync(entry, cancellationToken))
                    await EnsureAsync(entry, cancellationToken);
            }
        }
    }

    private async Task EnsureAsync(CatalogEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            await exports.EnsureAsync(entry, PathOf(entry.Name), isNew: false, cancellationToken);
        }
        catch (GodwitException e)
        {
            // The other volumes are to be served all the same; it is tried again with the next look.
            Log.ExportFailed(log, entry.Name, e);
        }
    }

    private VolumeLocation Locate(CatalogEntry entry) => new(entry.Name, entry.SizeBytes, host, entry.Shelf, entry.Slot);

    private string PathOf(VolumeName name)
    {
        var group = groups.FirstOrDefault(group => group.Name == name.Group) ?? throw new GodwitException(
            StorageErrors.NoSuchGroup,
            $"{host} has no volume group {name.Group}.",
            Nearest.To(name.Group, groups.Select(group => group.Name)) is { } near
                ? $"Did you mean {near}?"
                : $"Its groups are: {string.Join(", ", groups.Select(group => group.Name))}.");
        Directory.CreateDirectory(group.Directory);
        return Path.Combine(group.Directory, name.Volume);
    }
}
