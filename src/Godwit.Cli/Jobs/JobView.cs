using Godwit.Api;
using Godwit.Cli.Migrations;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;
using Spectre.Console;

namespace Godwit.Cli.Jobs;

/// <summary>Shows a job while it goes on: a bar on a terminal; else a line when the step changes, and each tenth.</summary>
internal static class JobView
{
    private const int Tenths = 10;

    public static Task FollowAsync(Invocation call, IAsyncEnumerable<JobEvent> events) =>
        call.Json ? SilentAsync(events)
        : call.Around.OutIsLively ? LiveAsync(LiveView.ConsoleOn(call.Out), events)
        : LinesAsync(call.Out, events);

    /// <summary><c>downloading, 12 %, about 40.0 s left</c></summary>
    internal static string Text(JobEvent e) => Units.Text($"{e.Step}, {e.Share * 100:0} %") + Left(e);

    private static string Left(JobEvent e) => e.ExpectedSeconds is { } seconds ? $", about {Units.Seconds(seconds)} left" : "";

    private static async Task SilentAsync(IAsyncEnumerable<JobEvent> events)
    {
        await foreach (var _ in events.ConfigureAwait(false))
        {
        }
    }

    internal static async Task LinesAsync(TextWriter output, IAsyncEnumerable<JobEvent> events)
    {
        JobEvent? shown = null;
        await foreach (var e in events.ConfigureAwait(false))
        {
            // What became of it, the command itself says.
            if (e.Result is not null || (shown is not null && e.Step == shown.Step && (int)(e.Share * Tenths) == (int)(shown.Share * Tenths)))
                continue;
            shown = e;
            output.WriteLine(Text(e));
        }
    }

    private static Task LiveAsync(IAnsiConsole console, IAsyncEnumerable<JobEvent> events) =>
        console.Progress()
            .AutoClear(true)
            .Columns(new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(async context =>
            {
                var bar = context.AddTask("beginning", maxValue: 1);
                await foreach (var e in events.ConfigureAwait(false))
                {
                    bar.Description = Markup.Escape(e.Step + Left(e));
                    bar.Value = e.Share;
                }
            });
}
