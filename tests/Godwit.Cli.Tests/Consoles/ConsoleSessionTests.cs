using System.IO.Pipelines;
using System.Text;
using Godwit.Cli.Consoles;

namespace Godwit.Cli.Tests.Consoles;

public sealed class ConsoleSessionTests
{
    [Theory]
    [InlineData("ls\r", "ls\r", false)]
    [InlineData("\u001d", "", true)]
    [InlineData("ls\u001dsecret", "ls", true)]
    [InlineData("", "", false)]
    public void The_key_leaves_and_what_follows_it_stays_here(string typed, string sent, bool leaves)
    {
        var before = EscapeDetector.Before(Encoding.ASCII.GetBytes(typed), out var leave);
        Assert.Equal(sent, Encoding.ASCII.GetString(before.Span));
        Assert.Equal(leaves, leave);
    }

    [Fact]
    public async Task Typing_reaches_the_guest_in_any_chunks_until_the_key()
    {
        var keys = new Pipe();
        var guest = new GuestEnd();
        using var around = new TestSurroundings(keys.Reader.AsStream());
        var session = new ConsoleSession(guest.Outside, around.Around).RunAsync(CancellationToken.None);
        foreach (var key in (string[])["r", "oo", "t\r", "\u001d", "never"]) await keys.Writer.WriteAsync(Encoding.ASCII.GetBytes(key));
        Assert.Equal(ConsoleEnding.Left, await session.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal("root\r", await guest.HeardAsync());
    }

    [Fact]
    public async Task What_the_guest_prints_comes_out_byte_for_byte()
    {
        var keys = new Pipe();
        var guest = new GuestEnd();
        using var around = new TestSurroundings(keys.Reader.AsStream());
        var session = new ConsoleSession(guest.Outside, around.Around).RunAsync(CancellationToken.None);
        byte[] printed = [0x1b, (byte)'[', 0xff, 0x00, 0x1d, (byte)'\r', (byte)'\n'];
        await guest.PrintAsync(printed);
        await guest.HangUpAsync();
        Assert.Equal(ConsoleEnding.GuestEnded, await session.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(printed, around.RawOut.ToArray());
    }

    [Fact]
    public async Task At_the_end_of_a_script_the_answer_is_still_shown()
    {
        var guest = new GuestEnd();
        using var around = new TestSurroundings(new MemoryStream("uname\n"u8.ToArray()));
        var session = new ConsoleSession(guest.Outside, around.Around).RunAsync(CancellationToken.None);
        await Task.Delay(100);
        await guest.PrintAsync("Linux\r\n"u8.ToArray());
        Assert.Equal(ConsoleEnding.InputEnded, await session.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal("Linux\r\n"u8.ToArray(), around.RawOut.ToArray());
        Assert.Equal("uname\n", await guest.HeardAsync());
    }

    [Fact]
    public async Task A_signal_ends_it()
    {
        var guest = new GuestEnd();
        using var around = new TestSurroundings(new Pipe().Reader.AsStream());
        using var signal = new CancellationTokenSource();
        var session = new ConsoleSession(guest.Outside, around.Around).RunAsync(signal.Token);
        await signal.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => session.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    /// <summary>The guest's side of a console in memory.</summary>
    private sealed class GuestEnd
    {
        private readonly Pipe _toGuest = new();
        private readonly Pipe _fromGuest = new();

        public GuestEnd() => Outside = new Duplex(_fromGuest.Reader.AsStream(), _toGuest.Writer.AsStream());

        public Stream Outside { get; }

        public async Task PrintAsync(byte[] bytes) => await _fromGuest.Writer.WriteAsync(bytes);

        public async Task HangUpAsync() => await _fromGuest.Writer.CompleteAsync();

        public async Task<string> HeardAsync()
        {
            var result = await _toGuest.Reader.ReadAsync();
            return Encoding.ASCII.GetString(result.Buffer.FirstSpan);
        }
    }

    private sealed class Duplex(Stream reads, Stream writes) : Stream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => writes.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => writes.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => reads.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            reads.ReadAsync(buffer, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => writes.Write(buffer, offset, count);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            writes.WriteAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
