using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Godwit.Api;
using Godwit.Daemon.Tests.Hosting;

namespace Godwit.Daemon.Tests.Http;

public sealed class OpenApiTests(TestPool pool) : IClassFixture<TestPool>
{
    [Fact]
    public async Task The_document_has_every_route_with_a_summary()
    {
        using var http = pool.Storage.Http();
        var document = JsonNode.Parse(await http.GetStringAsync(new Uri(ApiRoutes.OpenApi, UriKind.Relative)))!;
        var paths = document["paths"]!.AsObject();
        var routes = typeof(ApiRoutes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (string)field.GetValue(null)!)
            .Where(route => route.StartsWith("/v1/", StringComparison.Ordinal))
            .Select(route => Regex.Replace(route, @":\w+}", "}"));
        Assert.Equal(routes.Order(StringComparer.Ordinal), paths.Select(path => path.Key).Order(StringComparer.Ordinal));
        foreach (var (path, operations) in paths)
        {
            foreach (var (method, operation) in operations!.AsObject())
                Assert.False(string.IsNullOrEmpty((string?)operation!["summary"]), $"{method} {path}");
        }
    }

    [Fact]
    public async Task Schemas_have_the_words_of_the_wire()
    {
        using var http = pool.Storage.Http();
        var text = await http.GetStringAsync(new Uri(ApiRoutes.OpenApi, UriKind.Relative));
        Assert.Contains("\"io-error\"", text, StringComparison.Ordinal);
        Assert.Contains("\"memoryMiB\"", text, StringComparison.Ordinal);
    }
}
