using System.Collections.Immutable;
using System.Text.Json;
using Godwit.Domains;

namespace Godwit.Aoe.Target;

/// <summary>What initiators set over the wire, where no pool does it (AoEr11 sections 4 to 6).</summary>
public sealed record InBandState
{
    public byte[] ConfigString { get; init; } = [];

    /// <summary>Addresses that are listened to; empty listens to all.</summary>
    public ImmutableArray<MacAddress> Masks { get; init; } = [];

    /// <summary>Addresses that may send ATA commands; empty lets all.</summary>
    public ImmutableArray<MacAddress> Reservers { get; init; } = [];

    private const string Kind = "godwit-aoe-1";

    /// <summary>The state of a file; an empty one where there is no file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static InBandState Load(string path)
    {
        try
        {
            if (DurableRecord.Read(path, Kind) is not { } content) return new InBandState();
            return JsonSerializer.Deserialize(content, TargetJson.Default.InBandState)
                is { ConfigString: not null, Masks.IsDefault: false, Reservers.IsDefault: false } state
                ? state
                : throw new InvalidDataException($"{path} lacks members");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} is damaged: {e.Message}", e);
        }
    }

    /// <exception cref="IOException">It could not be made durable.</exception>
    public void Save(string path) =>
        DurableRecord.Write(path, Kind, JsonSerializer.SerializeToUtf8Bytes(this, TargetJson.Default.InBandState));
}
