using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Godwit.Storage.Attachments;

/// <summary>A record that ends with the power, like what it tells of.</summary>
internal static class RunFile
{
    /// <summary>Whole or not at all, but without a sync: after a power loss nothing of an attachment is left to be found.</summary>
    public static void Save<T>(string path, T record, JsonTypeInfo<T> type)
    {
        var beside = path + ".new";
        File.WriteAllBytes(beside, JsonSerializer.SerializeToUtf8Bytes(record, type));
        File.Move(beside, path, overwrite: true);
    }

    /// <summary>Null: it was never there, or removed since it was listed.</summary>
    public static T? Read<T>(string path, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), type);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public static IEnumerable<T> List<T>(string directory, JsonTypeInfo<T> type)
        where T : class => Directory.Exists(directory)
        ? Directory.EnumerateFiles(directory, "*.json").Select(path => Read(path, type)).OfType<T>()
        : [];
}
