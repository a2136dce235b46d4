using System.Text.Json;
using System.Text.Json.Serialization;
using Godwit.Domains;
using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Tests.Protocol;

/// <summary>A value that nobody knows is refused where it is read, and not acted on.</summary>
public class UnknownValueTests
{
    [Theory]
    [InlineData("\"runState\":\"Running\"")]
    [InlineData("\"onCrash\":\"Destroy\"")]
    [InlineData("\"backend\":\"Block\"")]
    public void AnOfferNamesWhatItMeans(string member)
    {
        var offer = JsonSerializer.Serialize(Samples.Offer with { Spec = Samples.Offer.Spec with { OnCrash = LifecycleAction.Destroy } }, RelocationJson.Default.RelocationOffer);
        Assert.Contains(member, offer);
        var name = member.Split(':')[0];
        foreach (var value in new[] { "99", "1", "\"99\"", "\"Nonsense\"", "null", "\"\"" })
            Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(offer.Replace(member, $"{name}:{value}"), RelocationJson.Default.RelocationOffer));
    }

    /// <summary>Every enumeration that the contexts know of, so that one added later is not forgotten.</summary>
    [Theory]
    [MemberData(nameof(Contexts))]
    public void NoEnumerationIsReadFromANumber(string name)
    {
        JsonSerializerContext context = name == "relocation" ? RelocationJson.Default : DomainsJson.Default;
        var enums = context.GetType().GetProperties()
            .Where(property => property.PropertyType.IsGenericType)
            .Select(property => property.PropertyType.GetGenericArguments()[0])
            // An address has some of its own, and a converter that does without.
            .Where(type => type.IsEnum && type.Namespace!.StartsWith("Godwit", StringComparison.Ordinal))
            .ToList();
        Assert.NotEmpty(enums);
        foreach (var type in enums)
        {
            var info = context.GetTypeInfo(type)!;
            Assert.Equal($"\"{Enum.GetNames(type)[0]}\"", JsonSerializer.Serialize(Enum.GetValues(type).GetValue(0), info));
            Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("1", info));
        }
    }

    public static TheoryData<string> Contexts() => ["relocation", "domains"];
}
