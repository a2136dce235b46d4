using System.Text.Json;
using Godwit.Api;

namespace Godwit.Cli.Migrations;

/// <summary><c>--json-events</c>: each event as it comes, one JSON object in a line; the last one holds the result.</summary>
internal sealed class JsonEventsView(TextWriter output) : IMigrationView
{
    public async Task FollowAsync(IAsyncEnumerable<MigrationEvent> events)
    {
        await foreach (var e in events.ConfigureAwait(false))
            output.WriteLine(JsonSerializer.Serialize(e, GodwitJson.Default.MigrationEvent));
    }
}

/// <summary><c>--json</c>: nothing until the end.</summary>
internal sealed class SilentView : IMigrationView
{
    public async Task FollowAsync(IAsyncEnumerable<MigrationEvent> events)
    {
        await foreach (var _ in events.ConfigureAwait(false))
        {
        }
    }
}
