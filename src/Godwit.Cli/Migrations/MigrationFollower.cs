using System.Net;
using System.Runtime.CompilerServices;
using Godwit.Api;
using Godwit.Domains;

namespace Godwit.Cli.Migrations;

/// <summary>
/// The events of one relocation to its end. A relocation outlives the connection that follows it (a daemon may be
/// restarted or upgraded in the middle), so a broken line is only a reason to ask again.
/// </summary>
internal sealed class MigrationFollower(GodwitClient client, Guid id, TimeProvider time)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(60);

    /// <summary>The end, once <see cref="EventsAsync"/> has run to its end.</summary>
    public MigrationResult? Result { get; private set; }

    /// <exception cref="GodwitException">Nobody answered for a minute.</exception>
    public async IAsyncEnumerable<MigrationEvent> EventsAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var last = DateTimeOffset.MinValue;
        var heard = time.GetTimestamp();
        while (true)
        {
            var events = client.MigrationEventsAsync(id, ct).GetAsyncEnumerator(ct);
            await using (events.ConfigureAwait(false))
            {
                while (await NextAsync(events, ct).ConfigureAwait(false))
                {
                    heard = time.GetTimestamp();
                    // A new connection tells the story from its beginning.
                    if (events.Current.At <= last && events.Current.Result is null) continue;
                    last = events.Current.At;
                    Result = events.Current.Result;
                    yield return events.Current;
                    if (Result is not null) yield break;
                }
            }
            if (time.GetElapsedTime(heard) > GiveUp)
            {
                throw new GodwitException("connection-lost", $"the daemon that moves the domain has not answered for {GiveUp.TotalSeconds} s",
                    $"the move may go on; see godwit migration show {id}");
            }
            await Task.Delay(AskAgain, time, ct).ConfigureAwait(false);
        }
    }

    private static async Task<bool> NextAsync(IAsyncEnumerator<MigrationEvent> events, CancellationToken ct)
    {
        try
        {
            return await events.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && IsLineTrouble(e))
        {
            return false;
        }
    }

    private static bool IsLineTrouble(Exception e) =>
        e is IOException or ApiException { Status: null or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout };
}
