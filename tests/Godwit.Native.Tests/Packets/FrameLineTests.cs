using Godwit.Native.Packets;

namespace Godwit.Native.Tests.Packets;

/// <summary>Frames between processes of one host.</summary>
public sealed class FrameLineTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("gwf").FullName;
    private readonly PacketBatch _batch = new(8, 2048), _answer = new(8, 2048);

    private string Path => System.IO.Path.Combine(_directory, "a.frames");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private void Send(FrameLine line, byte first)
    {
        _batch.Clear();
        _batch.Add([first, 2, 3]);
        _batch.Add(new byte[2000]);
        line.Send(_batch);
    }

    private byte Serve(FrameHub hub)
    {
        hub.Receive(_batch, 1000);
        Assert.Equal(2, _batch.Count);
        Assert.Equal(2000, _batch[1].Length);
        var first = _batch[0][0];
        _answer.Clear();
        _answer.Add([(byte)(first + 100)]);
        hub.Send(_answer);
        return first;
    }

    [Fact]
    public void Each_of_several_gets_its_own_answers()
    {
        using var hub = FrameHub.Listen(Path);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
        using var a = new FrameLine(Path);
        using var b = new FrameLine(Path);
        Send(a, 1);
        Send(b, 2);
        Assert.Equal(new byte[] { 1, 2 }, new[] { Serve(hub), Serve(hub) }.Order().ToArray());
        foreach (var (line, answer) in new[] { (a, 101), (b, 102) })
        {
            line.Receive(_batch, 1000);
            Assert.Equal(answer, Assert.Single(_batch[0].ToArray()));
        }
    }

    [Fact]
    public void A_line_connects_again_to_a_hub_that_was_made_anew()
    {
        var first = FrameHub.Listen(Path);
        using var line = new FrameLine(Path);
        Send(line, 1);
        Assert.Equal(1, Serve(first));
        line.Receive(_batch, 1000);
        first.Dispose();
        Assert.False(File.Exists(Path));
        line.Receive(_batch, 1000);
        Assert.Equal(0, _batch.Count);
        Send(line, 2);
        Assert.Equal(2, line.Dropped);

        using var second = FrameHub.Listen(Path);
        line.Receive(_batch, 0);
        Send(line, 3);
        Assert.Equal(3, Serve(second));
    }

    [Fact]
    public void One_that_leaves_leaves_the_others_served()
    {
        using var hub = FrameHub.Listen(Path);
        var a = new FrameLine(Path);
        using var b = new FrameLine(Path);
        Send(a, 1);
        Assert.Equal(1, Serve(hub));
        a.Dispose();
        Send(b, 2);
        hub.Receive(_batch, 0);
        // The end of the first may come before the frames of the second.
        if (_batch.Count == 0) hub.Receive(_batch, 1000);
        Assert.Equal(2, _batch[0][0]);
    }

    [Fact]
    public async Task What_waits_is_woken()
    {
        using var hub = FrameHub.Listen(Path);
        using var line = new FrameLine(Path);
        foreach (var (wait, wake) in new (Action<PacketBatch, int>, Action)[] { (hub.Receive, hub.Wake), (line.Receive, line.Wake) })
        {
            var waiting = Task.Run(() => wait(new PacketBatch(1, 64), -1), TestContext.Current.CancellationToken);
            await Task.Delay(20, TestContext.Current.CancellationToken);
            Assert.False(waiting.IsCompleted);
            wake();
            await waiting.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        }
    }
}
