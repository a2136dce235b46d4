using System.Text.Json.Serialization;

namespace Godwit.Domains;

/// <summary>
/// Enumerations by the names of their members, and by nothing else: a number would be read whether or not it stands for
/// anything here, and a value that nobody knows would be acted on.
/// </summary>
public sealed class NamedEnumConverter<TEnum>() : JsonStringEnumConverter<TEnum>(namingPolicy: null, allowIntegerValues: false)
    where TEnum : struct, Enum;
