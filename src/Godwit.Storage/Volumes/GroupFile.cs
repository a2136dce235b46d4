using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Godwit.Native.Files;

namespace Godwit.Storage.Volumes;

/// <summary>The groups that were added by command, in a file that is replaced whole.</summary>
public sealed class GroupFile(string path)
{
    public ImmutableArray<GroupDefinition> Read() => File.Exists(path)
        ? JsonSerializer.Deserialize(File.ReadAllBytes(path), GroupJson.Default.ImmutableArrayGroupDefinition)
        : [];

    public void Write(ImmutableArray<GroupDefinition> groups) =>
        StableStorage.Replace(path, JsonSerializer.SerializeToUtf8Bytes(groups, GroupJson.Default.ImmutableArrayGroupDefinition));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ImmutableArray<GroupDefinition>))]
internal sealed partial class GroupJson : JsonSerializerContext;
