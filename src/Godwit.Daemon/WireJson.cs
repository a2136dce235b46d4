using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Godwit.Api;

namespace Godwit.Daemon;

/// <summary>The options by which endpoints read and write JSON: the same words as <see cref="GodwitJson"/>.</summary>
internal static class WireJson
{
    /// <summary>For what is written by hand: events and errors.</summary>
    public static GodwitJson Api { get; } = new(new JsonSerializerOptions(GodwitJson.Default.Options) { Encoder = Readable });

    // Escaping for HTML would spoil the quotation marks in remedies; nothing here is put into a page unescaped.
    private static JavaScriptEncoder Readable => JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    public static void Configure(JsonSerializerOptions options)
    {
        options.Encoder = Readable;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        foreach (var converter in GodwitJson.Default.Options.Converters.Concat(DaemonJson.Default.Options.Converters))
            options.Converters.Add(converter);
        options.TypeInfoResolverChain.Insert(0, GodwitJson.Default);
        options.TypeInfoResolverChain.Insert(1, DaemonJson.Default);
    }
}
