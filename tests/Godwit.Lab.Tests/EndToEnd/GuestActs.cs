using System.Net;
using System.Net.Sockets;
using Godwit.Api;
using Godwit.Lab.Measure;
using Godwit.Native.Processes;

namespace Godwit.Lab.Tests.EndToEnd;

/// <summary>What tests do with the guests of a lab.</summary>
internal static class GuestActs
{
    private const int Attempts = 300, MoveAttempts = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Moves a domain and waits for the end of it, good or bad.</summary>
    public static async Task<MigrationResult> MoveAsync(Lab lab, string domain, string from, string to, CancellationToken ct)
    {
        using var client = GodwitClient.OverSocket(lab.Paths.Socket(from));
        for (var attempt = 1; ; attempt++)
        {
            var begun = await client.MigrateAsync(domain, new MigrateRequest { Destination = to }, ct);
            var result = await EndOfMoveAsync(client, begun.Id, ct);
            if (attempt == MoveAttempts || !NobodyAnswered(result))
                return result;
            await WaitForRestAsync(client, domain, ct);
        }
    }

    /// <summary>The same by a command.</summary>
    /// <exception cref="ProgramFailedException">The command failed, for what it said.</exception>
    public static async Task MoveAsync(Lab lab, string domain, string from, Func<Task> command, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await command();
                return;
            }
            catch (ProgramFailedException) when (attempt < MoveAttempts)
            {
                using var client = GodwitClient.OverSocket(lab.Paths.Socket(from));
                var latest = (await client.ListMigrationsAsync(ct)).Where(move => move.Domain == domain).MinBy(move => move.AgeSeconds);
                if (!NobodyAnswered(latest?.Result))
                    throw;
                await WaitForRestAsync(client, domain, ct);
            }
        }
    }

    // Hosts that share two processors may be too slow to answer just before the stop, and a move is refused as it should be then; it is a
    // fault if that goes on.
    private static bool NobodyAnswered(MigrationResult? result) => result?.Ending == "probe-failed";

    private static async Task WaitForRestAsync(GodwitClient client, string domain, CancellationToken ct)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if ((await client.ListDomainsAsync(ct)).Single(d => d.Name == domain).Migration is null)
                return;
            await Task.Delay(Pause, ct);
        }
        Assert.Fail($"{domain} still moves, though its move has ended");
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
