using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Lab;

/// <summary>
/// What is known of a lab, kept in <c>lab.json</c>. It is written before each step that leaves something behind, so
/// that <see cref="Lab.DownAsync"/> also clears away a lab that is half up.
/// </summary>
internal sealed record LabState
{
    public required LabSpec Spec { get; init; }

    public ImmutableDictionary<string, LabHostState> Hosts { get; init; } =
        ImmutableDictionary<string, LabHostState>.Empty;

    /// <summary>Directories of the machine made as mount points for the hosts' own; outermost first.</summary>
    public ImmutableArray<string> MountPoints { get; init; } = [];

    public static async Task<LabState?> ReadAsync(LabPaths paths, CancellationToken ct)
    {
        if (!File.Exists(paths.StateFile)) return null;
        await using var file = File.OpenRead(paths.StateFile);
        return await JsonSerializer.DeserializeAsync(file, LabJson.Default.LabState, ct).ConfigureAwait(false);
    }

    public async Task WriteAsync(LabPaths paths, CancellationToken ct)
    {
        Directory.CreateDirectory(paths.Directory);
        var fresh = paths.StateFile + ".new";
        await File.WriteAllTextAsync(fresh, JsonSerializer.Serialize(this, LabJson.Default.LabState), ct)
            .ConfigureAwait(false);
        File.Move(fresh, paths.StateFile, overwrite: true);
    }
}

/// <param name="Init">First process of the host's PID namespace, seen from outside; null when the power is off.</param>
/// <param name="Launcher">The <c>unshare</c> that waits for it.</param>
/// <param name="Joined">The host is a member of the pool.</param>
internal sealed record LabHostState(
    ProcessIdentity? Init = null, ProcessIdentity? Launcher = null, bool Joined = false);

[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(LabState))]
internal sealed partial class LabJson : JsonSerializerContext;
