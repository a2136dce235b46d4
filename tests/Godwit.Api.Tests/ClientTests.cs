using System.Net;
using System.Text;

namespace Godwit.Api.Tests;

public sealed class ClientTests
{
    private static readonly Uri Address = new("http://resource-1:8002");

    [Fact]
    public void Routes_are_filled_and_their_values_escaped()
    {
        Assert.Equal("/v1/domains/vm%2F1/pause", ApiRoutes.Fill(ApiRoutes.DomainVerb, "vm/1", "pause"));
        Assert.Equal("/v1/migrations/x/events", ApiRoutes.Fill(ApiRoutes.MigrationEvents, "x"));
    }

    [Fact]
    public async Task A_verb_is_a_post_with_the_target_host_in_the_header()
    {
        HttpRequestMessage? sent = null;
        using var client = Answering(request =>
        {
            sent = request;
            return new HttpResponseMessage(HttpStatusCode.NoContent);
        }, "resource-2");
        await client.DoAsync("vm1", DomainVerb.Shutdown, default);
        Assert.Equal("POST http://resource-1:8002/v1/domains/vm1/shutdown", $"{sent!.Method} {sent.RequestUri}");
        Assert.Equal(["resource-2"], sent.Headers.GetValues(ApiHeaders.TargetHost));
    }

    [Fact]
    public async Task A_list_that_may_lack_something_is_for_those_who_ask_for_it_alone()
    {
        using var client = Answering(_ =>
        {
            var answer = Json(HttpStatusCode.OK, "[]");
            answer.Headers.Add(ApiHeaders.RegistryAway, "The%20registry%20is%20away.");
            return answer;
        });
        Assert.Equal("The registry is away.", (await client.ListKnownDomainsAsync(default)).RegistryAway);
        var e = await Assert.ThrowsAsync<ApiException>(() => client.ListDomainsAsync(default));
        Assert.Equal(("registry-unavailable", "The registry is away."), (e.Code, e.Message));

        using var whole = Answering(_ => Json(HttpStatusCode.OK, "[]"));
        Assert.Null((await whole.ListKnownMigrationsAsync(default)).RegistryAway);
        Assert.Empty(await whole.ListDomainsAsync(default));
    }

    [Fact]
    public async Task A_refusal_is_thrown_in_the_daemons_words()
    {
        using var client = Answering(_ => Json(HttpStatusCode.NotFound, """{"code":"no-such-domain","message":"m","remedy":"r","place":"p"}"""));
        var e = await Assert.ThrowsAsync<ApiException>(() => client.GetDomainAsync("vm2", default));
        Assert.Equal((new ApiError("no-such-domain", "m", "r", "p"), HttpStatusCode.NotFound), (e.Error, e.Status!.Value));
        Assert.Equal(("no-such-domain", "m", "r"), (e.Code, e.Message, e.Remedy));
    }

    [Theory]
    [InlineData(HttpStatusCode.OK, "<html>")]
    [InlineData(HttpStatusCode.OK, "null")]
    [InlineData(HttpStatusCode.BadGateway, "<html>")]
    [InlineData(HttpStatusCode.BadGateway, "")]
    public async Task Answers_of_something_else_are_told_from_refusals(HttpStatusCode status, string body)
    {
        using var client = Answering(_ => Json(status, body));
        var e = await Assert.ThrowsAsync<ApiException>(() => client.GetDomainAsync("vm1", default));
        Assert.Equal(("malformed-answer", status), (e.Code, e.Status!.Value));
    }

    [Fact]
    public async Task Nobody_there_is_said_so()
    {
        using var local = GodwitClient.OverSocket("/nonexistent/godwitd.sock");
        Assert.Equal(ApiException.NoDaemon, (await Assert.ThrowsAsync<ApiException>(() => local.GetHostAsync(default))).Code);
        using var remote = new GodwitClient(new HttpMessageInvoker(new SocketsHttpHandler()), new Uri("http://127.0.0.1:1"));
        var e = await Assert.ThrowsAsync<ApiException>(() => remote.GetHostAsync(default));
        Assert.Equal(ApiException.HostUnreachable, e.Code);
        Assert.Contains("127.0.0.1:1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_are_read_line_by_line()
    {
        using var client = Answering(_ => Json(HttpStatusCode.OK,
            """
            {"at":"2026-01-01T00:00:00Z","step":"pre-copy","round":1}

            {"at":"2026-01-01T00:00:01Z","step":"confirm","result":{"ending":"completed","succeeded":true,"message":"m"}}
            """));
        var events = new List<MigrationEvent>();
        await foreach (var e in client.MigrationEventsAsync(Guid.NewGuid(), default))
            events.Add(e);
        Assert.Equal(["pre-copy", "confirm"], events.Select(e => e.Step));
        Assert.True(events[1].Result!.Succeeded);
    }

    private static GodwitClient Answering(Func<HttpRequestMessage, HttpResponseMessage> answer, string? targetHost = null) =>
        new(new HttpMessageInvoker(new Stub(answer)), Address, targetHost);

    private static HttpResponseMessage Json(HttpStatusCode status, string body) =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    private sealed class Stub(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = answer(request);
            response.RequestMessage = request;
            return Task.FromResult(response);
        }
    }
}
