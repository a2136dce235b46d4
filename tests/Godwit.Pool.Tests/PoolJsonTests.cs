using System.Text.Json;

namespace Godwit.Pool.Tests;

public class PoolJsonTests
{
    /// <summary>Every enumeration that the records have, so that one added later is not forgotten.</summary>
    [Fact]
    public void NoEnumerationIsReadFromANumber()
    {
        var enums = PoolJson.Default.GetType().GetProperties()
            .Where(property => property.PropertyType.IsGenericType)
            .Select(property => property.PropertyType.GetGenericArguments()[0])
            .Where(type => type.IsEnum)
            .ToList();
        Assert.Contains(typeof(RelocationOutcome), enums);
        foreach (var type in enums)
        {
            var info = PoolJson.Default.GetTypeInfo(type)!;
            Assert.Equal($"\"{Enum.GetNames(type)[0]}\"", JsonSerializer.Serialize(Enum.GetValues(type).GetValue(0), info));
            Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("1", info));
            Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("\"Nonsense\"", info));
        }
    }
}
