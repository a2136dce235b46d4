using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Api;

/// <summary>Enumerations as <c>kebab-case</c> words.</summary>
public sealed class KebabCaseEnumConverter<TEnum>() : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false)
    where TEnum : struct, Enum;
