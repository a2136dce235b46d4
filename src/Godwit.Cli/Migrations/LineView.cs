using Godwit.Api;
using Godwit.Cli.Rendering;

namespace Godwit.Cli.Migrations;

/// <summary>
/// For logs and pipes: a line when the step or the round changes or something is to be noted, and at most one a second
/// besides.
/// </summary>
internal sealed class LineView(TextWriter output) : IMigrationView
{
    private DateTimeOffset? _began;
    private MigrationEvent? _shown;

    public async Task FollowAsync(IAsyncEnumerable<MigrationEvent> events)
    {
        await foreach (var e in events.ConfigureAwait(false)) Show(e);
    }

    public void Show(MigrationEvent e)
    {
        _began ??= e.At;
        // The summary says more than the last event.
        if (e.Result is not null || !SaysSomethingNew(e)) return;
        _shown = e;
        output.WriteLine(Units.Text($"{(e.At - _began.Value).TotalSeconds,7:0.00} s  {MigrationText.Progress(e)}"));
    }

    private bool SaysSomethingNew(MigrationEvent e) =>
        _shown is null || e.Step != _shown.Step || e.Round != _shown.Round || e.Note is not null
        || e.At - _shown.At >= TimeSpan.FromSeconds(1);
}
