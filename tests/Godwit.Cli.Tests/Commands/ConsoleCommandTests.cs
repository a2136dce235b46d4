using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;
using Godwit.Api;

namespace Godwit.Cli.Tests.Commands;

/// <summary>The console over the API's WebSocket, to the byte.</summary>
public sealed class ConsoleCommandTests
{
    /// <summary>The daemon reads when it comes to it, which may be after the key.</summary>
    [Fact]
    public async Task Typing_goes_there_and_printing_comes_back_until_the_key()
    {
        var heard = new StringBuilder();
        var left = new TaskCompletionSource();
        await using var daemon = await FakeDaemon.StartAsync();
        daemon.On("GET /v1/domains/vm1/console", async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.SendAsync("vm1 login: "u8.ToArray(), WebSocketMessageType.Binary, true, context.RequestAborted);
            var buffer = new byte[256];
            await left.Task;
            await Task.Delay(200);
            while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: WebSocketMessageType.Binary } part)
                heard.Append(Encoding.ASCII.GetString(buffer, 0, part.Count));
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
        });
        var keys = new Pipe();
        using var around = new TestSurroundings(keys.Reader.AsStream());
        var run = around.RunAsync("console", "vm1", "--socket", daemon.Socket);
        await keys.Writer.WriteAsync("root\r"u8.ToArray());
        while (around.RawOut.Length < 11) await Task.Delay(10);
        await keys.Writer.WriteAsync("\u001d"u8.ToArray());
        left.SetResult();
        Assert.Equal(ExitCode.Success, await run.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal("vm1 login: ", Encoding.ASCII.GetString(around.RawOut.ToArray()));
        Assert.Equal("root\r", heard.ToString());
    }

    [Fact]
    public async Task A_console_that_is_refused_says_why()
    {
        await using var daemon = (await FakeDaemon.StartAsync())
            .Refuses("GET /v1/domains/vm1/console", new ApiError("no-such-domain", "there is no domain vm1", "godwit list"), 404);
        using var around = new TestSurroundings();
        Assert.Equal(ExitCode.Failed, await around.RunAsync("console", "vm1", "--socket", daemon.Socket));
        Assert.Equal("godwit: there is no domain vm1\n  godwit list\n", around.Error);
    }
}
