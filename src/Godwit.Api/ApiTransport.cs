using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Godwit.Domains;

namespace Godwit.Api;

/// <summary>Requests and answers of the API over HTTP/1.1, and its errors as exceptions; used by every typed client.</summary>
public sealed class ApiTransport(HttpMessageInvoker http, Uri address, string? targetHost = null) : IDisposable
{
    public void Dispose() => http.Dispose();

    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancellationToken)
    {
        using var response = await OpenAsync(path, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(response, answer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A list, and what its header says of what it may lack.</summary>
    public async Task<Listing<T>> ListAsync<T>(string path, JsonTypeInfo<ImmutableArray<T>> answer, CancellationToken cancellationToken)
    {
        using var response = await OpenAsync(path, cancellationToken).ConfigureAwait(false);
        var items = await ReadAsync(response, answer, cancellationToken).ConfigureAwait(false);
        return new(items, response.Headers.TryGetValues(ApiHeaders.RegistryAway, out var away) ? Uri.UnescapeDataString(away.First()) : null);
    }

    public Task PostAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, path, cancellationToken);

    public async Task<T> PostAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(new HttpRequestMessage(HttpMethod.Post, path), cancellationToken).ConfigureAwait(false);
        return await ReadAsync(response, answer, cancellationToken).ConfigureAwait(false);
    }

    public Task<TAnswer> PostAsync<TBody, TAnswer>(
        string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answer, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, body, bodyType, answer, cancellationToken);

    /// <summary>Sends a body and reads the answer's.</summary>
    public async Task<TAnswer> SendAsync<TBody, TAnswer>(
        HttpMethod method, string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answer,
        CancellationToken cancellationToken)
    {
        using var response = await SendAsync(
            new HttpRequestMessage(method, path) { Content = Json(body, bodyType) }, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(response, answer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a body; the answer has none.</summary>
    public async Task SendAsync<TBody>(
        HttpMethod method, string path, TBody body, JsonTypeInfo<TBody> bodyType, CancellationToken cancellationToken)
    {
        using var _ = await SendAsync(
            new HttpRequestMessage(method, path) { Content = Json(body, bodyType) }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A request without a body, whose answer has none.</summary>
    public async Task SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var _ = await SendAsync(new HttpRequestMessage(method, path), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A request without a body whose answer is read as JSON.</summary>
    public async Task<TAnswer> SendAsync<TAnswer>(
        HttpMethod method, string path, JsonTypeInfo<TAnswer> answer, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(new HttpRequestMessage(method, path), cancellationToken).ConfigureAwait(false);
        return await ReadAsync(response, answer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a stream of bytes, and reads the answer's body. A refusal comes before the bytes are sent, where it can.</summary>
    public async Task<TAnswer> UploadAsync<TAnswer>(
        string path, HttpContent content, JsonTypeInfo<TAnswer> answer, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.ExpectContinue = true;
        using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(response, answer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lines of JSON as they come (newline-delimited), to the end of the answer.</summary>
    public async IAsyncEnumerable<T> LinesAsync<T>(
        string path, JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await OpenAsync(path, cancellationToken).ConfigureAwait(false);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
        while (await lines.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (line.Length > 0)
                yield return JsonSerializer.Deserialize(line, type)!;
        }
    }

    /// <summary>A successful answer, of which only the header has been read.</summary>
    public Task<HttpResponseMessage> OpenAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);

    /// <summary>
    /// Turns a request into a WebSocket (RFC 6455, section 4.1). Done by hand, so that a refusal's body can be read.
    /// The accept key is not checked: it guards against caches and servers of other kinds, and this one is known.
    /// </summary>
    public async Task<Stream> OpenWebSocketAsync(string path, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.Add(new ProductHeaderValue("websocket"));
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)));
        var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            if (response.StatusCode != HttpStatusCode.SwitchingProtocols)
                throw Malformed(response, null);
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            var socket = WebSocket.CreateFromStream(
                stream, new WebSocketCreationOptions { IsServer = false, KeepAliveInterval = TimeSpan.FromSeconds(20) });
            return new WebSocketStream(socket, response);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var _ = request;
        request.RequestUri = new Uri(address, request.RequestUri!);
        request.Version = HttpVersion.Version11;
        if (targetHost is not null)
            request.Headers.Add(ApiHeaders.TargetHost, targetHost);
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException e) when (e.InnerException is GodwitException refusal)
        {
            // The connection was refused by our own side, with a reason: there is no such host, say.
            throw new ApiException(new ApiError(refusal.Code, refusal.Message, refusal.Remedy), inner: e);
        }
        catch (HttpRequestException e)
        {
            throw new ApiException(Unanswered(e), inner: e);
        }
        if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.SwitchingProtocols)
            return response;
        using (response)
            throw await RefusalAsync(response, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            return await JsonSerializer.DeserializeAsync(body, type, cancellationToken).ConfigureAwait(false)
                ?? throw Malformed(response, null);
        }
        catch (JsonException e)
        {
            throw Malformed(response, e);
        }
        catch (HttpIOException e)
        {
            throw new ApiException(new ApiError("connection-lost", "The daemon broke off its answer.", "Ask again."), inner: e);
        }
    }

    private static async Task<ApiException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            var error = await JsonSerializer.DeserializeAsync(body, GodwitJson.Default.ApiError, cancellationToken).ConfigureAwait(false);
            return error is null ? Malformed(response, null) : new ApiException(error, response.StatusCode);
        }
        catch (Exception e) when (e is JsonException or HttpIOException)
        {
            return Malformed(response, e);
        }
    }

    private static ApiException Malformed(HttpResponseMessage response, Exception? inner) => new(
        new ApiError(
            "malformed-answer",
            $"The answer {(int)response.StatusCode} to {response.RequestMessage?.RequestUri?.AbsolutePath} is not one that this program understands.",
            "See that the program and the daemon are of the same version."),
        response.StatusCode,
        inner);

    private ApiError Unanswered(HttpRequestException e)
    {
        var why = e.InnerException is SocketException socket ? socket.Message : e.InnerException?.Message ?? e.Message;
        if (address.Host != SocketHandlers.LocalAddress.Host)
            return new ApiError(ApiException.HostUnreachable, $"{address.Host}:{address.Port} does not answer: {why}", "See that its godwitd runs and that the network lets its port through.");
        if (e.InnerException is not SocketException { SocketErrorCode: var code })
            return new ApiError("connection-lost", $"godwitd broke off the conversation: {why}", "Ask again; its log says more: journalctl -u godwitd");
        return code == SocketError.AccessDenied
            ? new ApiError(ApiException.NoDaemon, "the socket of godwitd is closed to you", "run it as root, or join the group godwit")
            : new ApiError(ApiException.NoDaemon, $"no godwitd answers: {why}", "systemctl start godwitd, or try it with godwit lab up");
    }

    private static ByteArrayContent Json<T>(T body, JsonTypeInfo<T> type) =>
        new(JsonSerializer.SerializeToUtf8Bytes(body, type))
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        };
}
