using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Godwit.Api;
using Godwit.Daemon.Tests.Hosting;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Godwit.Daemon.Tests.Http;

/// <summary>
/// What the daemon serves as the description of its API is what its routes say. After a change to them, run these tests once with
/// GODWIT_WRITE_DOCS=1, and the file is written anew.
/// </summary>
public sealed class OpenApiTests(TestPool pool) : IClassFixture<TestPool>
{
    [Fact]
    public async Task The_document_is_what_the_routes_say()
    {
        var provider = pool.Storage.Get<IServiceProvider>().GetRequiredKeyedService<IOpenApiDocumentProvider>("v1");
        var document = await provider.GetOpenApiDocumentAsync(default);
        document.Info = new OpenApiInfo { Title = "Godwit", Version = "v1" };
        var written = await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1) + "\n";
        var path = DocumentFile();
        if (Environment.GetEnvironmentVariable("GODWIT_WRITE_DOCS") == "1") await File.WriteAllTextAsync(path, written);
        Assert.Equal(written, await File.ReadAllTextAsync(path));
    }

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
        using var answer = await http.GetAsync(new Uri(ApiRoutes.OpenApi, UriKind.Relative));
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Contains("\"io-error\"", text, StringComparison.Ordinal);
        Assert.Contains("\"memoryMiB\"", text, StringComparison.Ordinal);
    }

    private static string DocumentFile([CallerFilePath] string here = "") => Path.GetFullPath(
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "src", "Godwit.Daemon", "Endpoints", "openapi.json"));
}
