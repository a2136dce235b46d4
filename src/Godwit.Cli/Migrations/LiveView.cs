using Godwit.Api;
using Godwit.Cli.Rendering;
using Spectre.Console;

namespace Godwit.Cli.Migrations;

/// <summary>For terminals: one bar that stays in its place, with the figures behind it; it is gone when the move ends.</summary>
internal sealed class LiveView(IAnsiConsole console) : IMigrationView
{
    public static IAnsiConsole ConsoleOn(TextWriter output) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.Yes,
        ColorSystem = ColorSystemSupport.Standard,
        Interactive = InteractionSupport.Yes,
        Out = new AnsiConsoleOutput(output),
    });

    public Task FollowAsync(IAsyncEnumerable<MigrationEvent> events) =>
        console.Progress()
            .AutoClear(true)
            .Columns(new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(async context =>
            {
                var bar = context.AddTask("starting", maxValue: 1);
                await foreach (var e in events.ConfigureAwait(false))
                {
                    // Above the bar, where it stays.
                    if (e.Note is not null) console.WriteLine(e.Note);
                    bar.Description = Markup.Escape(MigrationText.Progress(e));
                    bar.Value = MigrationText.Share(e);
                }
            });
}
