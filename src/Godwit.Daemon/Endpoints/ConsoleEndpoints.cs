using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Http;
using Godwit.Daemon.Queries;
using Godwit.Daemon.Roles;
using Godwit.Domains;

namespace Godwit.Daemon.Endpoints;

internal static class ConsoleEndpoints
{
    public static void MapConsole(this IEndpointRouteBuilder routes) =>
        routes.MapGet(ApiRoutes.DomainConsole, AttachAsync)
            .Says("OpenConsole", "The serial console as a WebSocket of binary messages; what was printed before comes first")
            .Produces(StatusCodes.Status101SwitchingProtocols)
            .At(Place.Owner);

    private static async Task AttachAsync(
        string name, HttpContext context, DaemonConfig config, ComputeSlot compute, DomainQuery query, IHostApplicationLifetime life)
    {
        if (!context.WebSockets.IsWebSocketRequest)
            throw new GodwitException("bad-request", "A console is a WebSocket.", "Use `godwit console`, or a WebSocket client.");
        if (!config.Has(Role.Compute))
            await query.ShowAsync(name, context.RequestAborted);
        var host = await compute.GetAsync(config.Has(Role.Compute), config.Name, context.RequestAborted);
        await using var guest = await host.OpenConsoleAsync(name, context.RequestAborted);
        await using var user = new WebSocketStream(await context.WebSockets.AcceptWebSocketAsync());
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, life.ApplicationStopping);
        using var left = CancellationTokenSource.CreateLinkedTokenSource(end.Token);
        var pumps = new[] { PumpAsync(guest, user, left.Token), PumpAsync(user, guest, end.Token) };
        await Task.WhenAny(pumps);
        // The guest's last words are on their way: the line to the user is closed, not cancelled.
        await left.CancelAsync();
        await user.DisposeAsync();
        await Task.WhenAll(pumps);
    }

    // Either side may leave at any moment; that is how consoles end.
    private static async Task PumpAsync(Stream from, Stream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                await to.FlushAsync(cancellationToken);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            return;
        }
    }
}
