using System.Text;
using CsCheck;
using Godwit.Hypervisors.Qemu.Qmp;
using Godwit.Hypervisors.Qemu.Qmp.Commands;

namespace Godwit.Hypervisors.Tests.Qemu.Qmp;

public class QmpConnectionTests
{
    private const string Greeting = """{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "capabilities": ["oob"]}}""";

    [Fact]
    public async Task Replies_find_their_commands_and_events_come_between()
    {
        await using var server = new FakeMonitor(Greeting);
        await using var qmp = await server.ConnectAsync();
        Assert.Equal("7.2.22", qmp.Version);
        server.Answer("query-status",
            """{"event": "FUTURE_EVENT", "data": [1], "timestamp": {"seconds": 5, "microseconds": 250}}""",
            """{"return": {}, "id": 99999}""",
            """{"something": "else"}""",
            """{"return": {"status": "running", "running": true, "singlestep": false}, "id": ID}""");
        Assert.Equal(new StatusInfo("running", true), await qmp.QueryStatusAsync(CancellationToken.None));
        var @event = await qmp.Events.ReadAsync();
        Assert.Equal("FUTURE_EVENT", @event.Name);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(5).AddMicroseconds(250), @event.At);
        Assert.Null(@event.Text("status"));
    }

    [Fact]
    public async Task A_refusal_carries_class_and_description()
    {
        await using var server = new FakeMonitor(Greeting);
        await using var qmp = await server.ConnectAsync();
        server.Answer("cont", """{"error": {"class": "GenericError", "desc": "no"}, "id": ID}""");
        var refused = await Assert.ThrowsAsync<QmpException>(() => qmp.ContinueAsync(CancellationToken.None));
        Assert.Equal(("cont", "GenericError", "no"), (refused.Command, refused.ErrorClass, refused.Description));
    }

    [Theory]
    [InlineData("this is no JSON")]
    [InlineData("[1, 2]")]
    [InlineData("""{"event": 5}""")]
    [InlineData("""{"event": "STOP"}""")]
    [InlineData("""{"return": {}, "id": "text"}""")]
    [InlineData("""{"event": "STOP", "timestamp": {"seconds": 99999999999999, "microseconds": 0}}""")]
    [InlineData("""{"return": {"status": 7}, "id": ID}""")]
    [InlineData("")]
    public async Task Garbage_is_an_error_of_the_line(string line)
    {
        await using var server = new FakeMonitor(Greeting);
        await using var qmp = await server.ConnectAsync();
        server.Answer("query-status", line);
        await Assert.ThrowsAsync<QmpLostException>(() => qmp.QueryStatusAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_closed_line_fails_what_waits_and_what_comes_later()
    {
        await using var server = new FakeMonitor(Greeting);
        await using var qmp = await server.ConnectAsync();
        var waiting = qmp.StopAsync(CancellationToken.None);
        await server.DisposeAsync();
        await Assert.ThrowsAsync<QmpLostException>(() => waiting);
        await Assert.ThrowsAsync<QmpLostException>(() => qmp.StopAsync(CancellationToken.None));
        await Assert.ThrowsAsync<QmpLostException>(async () => await qmp.Events.Completion);
    }

    [Fact]
    public async Task A_line_without_an_end_is_not_collected_for_ever()
    {
        var reader = new QmpLineReader(new MemoryStream(new byte[100_000]), longestLine: 1000);
        await Assert.ThrowsAsync<QmpLostException>(async () => await reader.ReadAsync(CancellationToken.None));
    }

    [Fact]
    public void Any_line_is_a_message_or_an_error_of_the_line()
    {
        string[] names = ["event", "return", "error", "QMP", "id"], values = ["1", "{}", "[]", "null", "\"x\""];
        Gen.OneOf(Gen.String, Gen.Select(Gen.Int[0, names.Length - 1], Gen.Int[0, values.Length - 1],
            (name, value) => $$"""{"{{names[name]}}": {{values[value]}}, "timestamp": {{values[value]}}}""")).Sample(line =>
        {
            try
            {
                Assert.NotNull(QmpMessage.Parse(Encoding.UTF8.GetBytes(line)));
            }
            catch (QmpLostException)
            {
                // The other permitted outcome.
            }
        });
    }
}
