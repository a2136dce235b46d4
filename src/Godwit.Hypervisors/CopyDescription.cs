using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Hypervisors;

/// <summary>What a later daemon must know of a copy; written before its engine is started.</summary>
internal sealed record CopyDescription(CopyOrder Order, ImmutableArray<GuestPort> Ports)
{
    /// <summary>What was written at a path; null when it is not there or was not finished: its daemon ended before it started an engine.</summary>
    public static CopyDescription? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), CopyDescriptionJson.Default.CopyDescription);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>In one step: whoever looks, after a crash too, finds the former one or this.</summary>
    public void Write(string path)
    {
        File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(this, CopyDescriptionJson.Default.CopyDescription));
        File.Move(path + ".new", path, overwrite: true);
    }
}

[JsonSourceGenerationOptions(UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(CopyDescription))]
internal sealed partial class CopyDescriptionJson : JsonSerializerContext;
