using Godwit.Daemon.Transport;

namespace Godwit.Daemon.Tests.Transport;

public sealed class BulkStreamTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Before_it_begins_every_write_and_read_passes_through()
    {
        var wire = new Wire(new byte[] { 1, 2, 3, 4 });
        await using var bulk = new BulkStream(wire);
        await bulk.WriteAsync(new byte[] { 9, 8 }, Ct);
        Assert.Equal(1, wire.Writes);
        Assert.Equal(2, await bulk.ReadAsync(new byte[2], Ct));
        Assert.Equal((1, false), (wire.Reads, bulk.HasReceived));
    }

    [Fact]
    public async Task What_is_written_leaves_at_the_flush_as_one()
    {
        var wire = new Wire([]);
        await using var bulk = new BulkStream(wire);
        bulk.Begin();
        for (byte i = 0; i < 40; i++)
            await bulk.WriteAsync(new byte[] { i }, Ct);
        Assert.Equal(0, wire.Writes);
        await bulk.FlushAsync(Ct);
        await bulk.FlushAsync(Ct);
        Assert.Equal(1, wire.Writes);
        Assert.Equal(Enumerable.Range(0, 40).Select(i => (byte)i), wire.Sent);
    }

    [Fact]
    public async Task What_came_at_once_is_read_without_a_wait_and_in_order()
    {
        byte[] sent = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 7))];
        var wire = new Wire(sent);
        await using var bulk = new BulkStream(wire);
        bulk.Begin();
        var read = new List<byte>();
        var buffer = new byte[999];
        do
        {
            var length = await bulk.ReadAsync(buffer, Ct);
            read.AddRange(buffer[..length]);
        }
        while (bulk.HasReceived);
        Assert.Equal(1, wire.Reads);
        Assert.Equal(sent, read);
        Assert.Equal(0, await bulk.ReadAsync(buffer, Ct));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16_413)]
    [InlineData(3_000_000)]
    public async Task No_byte_is_lost_or_moved_by_the_size_of_the_writes(int block)
    {
        byte[] all = [.. Enumerable.Range(0, 4_000_000).Select(i => (byte)(i * 31 >> 3))];
        var wire = new Wire([]);
        await using var bulk = new BulkStream(wire);
        bulk.Begin();
        // One write of each kind: what waits, what fills the buffer, what is larger than it.
        for (var at = 0; at < all.Length; at += Math.Max(block, all.Length / 200))
        {
            var end = Math.Min(at + Math.Max(block, all.Length / 200), all.Length);
            await bulk.WriteAsync(all.AsMemory(at, Math.Min(block, end - at)), Ct);
            await bulk.WriteAsync(all.AsMemory(at + Math.Min(block, end - at), end - at - Math.Min(block, end - at)), Ct);
        }
        bulk.Write([1, 2, 3], 1, 2);
        bulk.Flush();
        Assert.Equal([.. all, 2, 3], wire.Sent);
    }

    private sealed class Wire(byte[] toRead) : MemoryStream(toRead, writable: false)
    {
        private readonly MemoryStream _sent = new();

        public int Writes { get; private set; }

        public int Reads { get; private set; }

        public byte[] Sent => _sent.ToArray();

        public override bool CanWrite => true;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Reads++;
            return base.ReadAsync(buffer, cancellationToken);
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            Writes += count > 0 ? 1 : 0;
            _sent.Write(buffer, offset, count);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes++;
            _sent.Write(buffer.Span);
            return ValueTask.CompletedTask;
        }
    }
}
