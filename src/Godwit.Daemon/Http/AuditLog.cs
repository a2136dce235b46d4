using System.Text.Json;
using Godwit.Api;

namespace Godwit.Daemon.Http;

/// <summary>One line of JSON for each request that changes something: who, what, and what became of it.</summary>
internal sealed class AuditLog(string path, TimeProvider time, ILogger<AuditLog> log) : IDisposable
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private FileStream? _file;

    public async Task MiddlewareAsync(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
        {
            await next(context);
            return;
        }
        try
        {
            await next(context);
        }
        finally
        {
            var caller = Caller.Of(context);
            await WriteAsync(new AuditEntry(
                time.GetUtcNow(), caller.Who, caller.Host, context.Request.Method, context.Request.Path,
                context.Request.Headers[ApiHeaders.TargetHost], context.Response.StatusCode, context.Features.Get<ApiError>()?.Code));
        }
    }

    public void Dispose()
    {
        _file?.Dispose();
        _writing.Dispose();
    }

    // A full disk must not keep anybody from moving domains away: it is logged, and the request stands.
    private async Task WriteAsync(AuditEntry entry)
    {
        await _writing.WaitAsync();
        try
        {
            _file ??= new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, UnixCreateMode = Mode, BufferSize = 0,
            });
            await _file.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(entry, DaemonJson.Default.AuditEntry), (byte)'\n']);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.AuditFailed(log, path, e.Message);
        }
        finally
        {
            _writing.Release();
        }
    }
}

/// <param name="Who">User, as <c>root</c> here or <c>root@resource-1</c> elsewhere, or a host in its own name.</param>
/// <param name="Via">Host that the request came from; null for this one.</param>
/// <param name="For">Host that it was handed on to; null for this one.</param>
/// <param name="Error">Code of the refusal.</param>
internal sealed record AuditEntry(
    DateTimeOffset At, string Who, string? Via, string Method, string Path, string? For, int Status, string? Error);
