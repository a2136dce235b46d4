using System.Net;
using System.Text;
using System.Text.Json;
using Godwit.Api;
using Godwit.Daemon.Tests.Hosting;

namespace Godwit.Daemon.Tests.Http;

public sealed class ErrorAnswerTests(TestPool pool) : IClassFixture<TestPool>
{
    [Theory]
    [InlineData("GET", "/nothing", null, 404, "no-such-route")]
    [InlineData("DELETE", "/v1/hosts", null, 405, "method-not-allowed")]
    [InlineData("GET", "/v1/migrations/not-a-guid", null, 404, "no-such-route")]
    [InlineData("GET", "/v1/domains/none", null, 404, "no-such-domain")]
    [InlineData("POST", "/v1/domains", "{\"spec\":", 400, "bad-request")]
    [InlineData("POST", "/v1/domains", "{}", 400, "bad-request")]
    [InlineData("POST", "/v1/domains", "{\"spec\":{\"name\":\"a\",\"memoryMiB\":\"x\"}}", 400, "bad-request")]
    [InlineData("POST", "/v1/domains", "", 400, "bad-request")]
    [InlineData("POST", "/v1/domains/none/explode", null, 400, "bad-verb")]
    [InlineData("POST", "/v1/domains/none/migrations", "{\"destination\":\"b\",\"timeoutSeconds\":0}", 400, "bad-timeout")]
    [InlineData("POST", "/v1/pool/join", "{\"member\":\"x\"}", 400, "bad-request")]
    [InlineData("GET", "/v1/domains/none/console", null, 400, "bad-request")]
    public async Task Every_refusal_is_an_error_in_JSON(string method, string path, string? body, int status, string code)
    {
        var (answered, error) = await SendAsync(method, path, body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"));
        Assert.Equal((status, code), ((int)answered, error.Code));
        Assert.NotEmpty(error.Message);
    }

    [Fact]
    public async Task Bodies_of_other_kinds_and_sizes_are_refused_alike()
    {
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await SendAsync("POST", "/v1/domains", new StringContent("x", Encoding.UTF8, "text/plain"))).Item1);
        var large = new StringContent($"{{\"spec\":{{\"name\":\"{new string('a', 2 << 20)}\"}}}}", Encoding.UTF8, "application/json");
        var (status, error) = await SendAsync("POST", "/v1/domains", large);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "body-too-large"), (status, error.Code));
    }

    [Fact]
    public async Task The_place_of_a_mistake_in_the_body_is_named() =>
        Assert.Equal("$.spec.memoryMiB", (await SendAsync("POST", "/v1/domains", new StringContent(
            "{\"spec\":{\"name\":\"a\",\"memoryMiB\":\"x\"}}", Encoding.UTF8, "application/json"))).Item2.Place);

    private async Task<(HttpStatusCode, ApiError)> SendAsync(string method, string path, HttpContent? body)
    {
        using var http = pool.First.Http();
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body };
        // A body that is too long is then refused before it is sent; else the answer may come too late to be read.
        request.Headers.ExpectContinue = body is not null;
        using var answer = await http.SendAsync(request);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        return (answer.StatusCode, JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), GodwitJson.Default.ApiError)!);
    }
}
