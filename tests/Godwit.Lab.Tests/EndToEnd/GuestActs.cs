using System.Net;
using System.Net.Sockets;
using Godwit.Api;
using Godwit.Lab.Measure;

namespace Godwit.Lab.Tests.EndToEnd;

/// <summary>What tests do with the guests of a lab.</summary>
internal static class GuestActs
{
    private const int Attempts = 300;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Moves a domain and waits for the end of it, good or bad.</summary>
    public static async Task<MigrationResult> MoveAsync(Lab lab, string domain, string from, string to, CancellationToken ct)
    {
        using var client = GodwitClient.OverSocket(lab.Paths.Socket(from));
        var begun = await client.MigrateAsync(domain, new MigrateRequest { Destination = to }, ct);
        return await EndOfMoveAsync(client, begun.Id, ct);
    }

    public static async Task<MigrationResult> EndOfMoveAsync(GodwitClient client, Guid id, CancellationToken ct)
    {
        await foreach (var e in client.MigrationEventsAsync(id, ct))
        {
            if (e.Result is { } result)
                return result;
        }
        throw new InvalidOperationException("The events ended without a result.");
    }

    /// <summary>Reaches the writer of a guest that may still be booting, from the storage host.</summary>
    public static async Task<WriterConnection> OpenWriterAsync(Lab lab, string guest, CancellationToken ct)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await WriterConnection.OpenAsync(lab.Paths.Namespace(LabDomain.Storage), IPAddress.Parse(guest), ct);
            }
            catch (SocketException) when (attempt < Attempts)
            {
                await Task.Delay(Pause, ct);
            }
        }
    }
}
