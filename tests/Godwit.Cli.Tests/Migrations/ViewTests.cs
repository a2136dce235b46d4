using Godwit.Api;
using Godwit.Cli.Migrations;

namespace Godwit.Cli.Tests.Migrations;

public sealed class ViewTests
{
    private static readonly MigrationEvent[] Story =
    [
        Samples.Event(0, "check"),
        Samples.Event(0.1, "pre-copy", 1) with { SentBytes = 1048576, RemainingBytes = 267386880 },
        Samples.Event(0.2, "pre-copy", 1) with { SentBytes = 2097152, RemainingBytes = 266338304 },
        Samples.Event(1.15, "pre-copy", 1) with { SentBytes = 134217728, RemainingBytes = 134217728 },
        Samples.Event(1.5, "pre-copy", 2) with { SentBytes = 266338304, RemainingBytes = 2097152, ExpectedSeconds = 0.05 },
        Samples.Event(1.6, "commit"),
        Samples.Event(1.62, "confirm") with { Result = Samples.Completed },
    ];

    [Fact]
    public async Task Lines_come_with_changes_and_at_most_once_a_second_besides()
    {
        using var output = new StringWriter { NewLine = "\n" };
        await new LineView(output).FollowAsync(Story.ToAsyncEnumerable());
        Assert.Equal(
            """
               0.00 s  check
               0.10 s  pre-copy  round 1  sent 1.0 MiB  remaining 255.0 MiB
               1.15 s  pre-copy  round 1  sent 128.0 MiB  remaining 128.0 MiB
               1.50 s  pre-copy  round 2  sent 254.0 MiB  remaining 2.0 MiB  expected in 0.1 s
               1.60 s  commit

            """, output.ToString());
    }

    [Fact]
    public async Task A_note_is_never_left_out()
    {
        using var output = new StringWriter { NewLine = "\n" };
        MigrationEvent[] events = [Samples.Event(0, "prepare"), Samples.Event(0.01, "prepare") with { Note = "carrying the kernel" }];
        await new LineView(output).FollowAsync(events.ToAsyncEnumerable());
        Assert.EndsWith("prepare  (carrying the kernel)\n", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_events_are_one_object_a_line_and_end_with_the_result()
    {
        using var output = new StringWriter { NewLine = "\n" };
        await new JsonEventsView(output).FollowAsync(Story.ToAsyncEnumerable());
        var lines = output.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal(Story.Length, lines.Length);
        var last = System.Text.Json.JsonDocument.Parse(lines[^1]).RootElement;
        Assert.Equal("completed", last.GetProperty("result").GetProperty("ending").GetString());
        Assert.False(System.Text.Json.JsonDocument.Parse(lines[0]).RootElement.TryGetProperty("result", out _));
    }

    [Fact]
    public async Task The_bar_shows_the_figures_and_is_wiped_in_the_end()
    {
        using var output = new StringWriter();
        await new LiveView(LiveView.ConsoleOn(output)).FollowAsync(SlowlyAsync());
        Assert.Contains("round 2", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("\e[", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("commit", output.ToString()[output.ToString().LastIndexOf("\e[2K", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    private static async IAsyncEnumerable<MigrationEvent> SlowlyAsync()
    {
        foreach (var e in Story)
        {
            yield return e;
            // The bar is drawn ten times a second.
            await Task.Delay(150);
        }
    }
}
