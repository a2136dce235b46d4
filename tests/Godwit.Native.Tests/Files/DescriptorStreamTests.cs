using Godwit.Native.Files;

namespace Godwit.Native.Tests.Files;

public sealed class DescriptorStreamTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("godwit-pipes-").FullName;

    private string Pipe => Path.Combine(_directory, "pipe");

    public DescriptorStreamTests() => NamedPipe.Make(Pipe);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task More_than_a_pipe_holds_comes_through_whole_and_then_the_end()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var reader = DescriptorStream.OpenRead(Pipe);
        var sent = new byte[3 << 20];
        new Random(1).NextBytes(sent);
        var writing = WriteAsync();
        using var received = new MemoryStream();
        await reader.CopyToAsync(received, ct);
        await writing;
        Assert.Equal(sent, received.ToArray());

        async Task WriteAsync()
        {
            await using var writer = DescriptorStream.OpenWrite(Pipe);
            writer.Widen(1 << 20);
            await writer.WriteAsync(sent, ct);
        }
    }

    [Fact]
    public async Task Who_waits_is_called_back_by_cancellation()
    {
        await using var both = DescriptorStream.OpenBoth(Pipe);
        using var cancel = new CancellationTokenSource();
        var reading = both.ReadAsync(new byte[8], cancel.Token).AsTask();
        Assert.False(reading.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    /// <summary>Often, for a wait lets go of the descriptor a moment after it.</summary>
    [Fact]
    public async Task What_is_closed_is_neither_read_nor_written_any_more()
    {
        for (var i = 0; i < 200; i++)
        {
            var both = DescriptorStream.OpenBoth(Pipe);
            var reading = both.ReadAsync(new byte[8], TestContext.Current.CancellationToken).AsTask();
            await both.DisposeAsync();
            await Assert.ThrowsAnyAsync<IOException>(() => both.WriteAsync(new byte[8], TestContext.Current.CancellationToken).AsTask());
            await Assert.ThrowsAnyAsync<IOException>(() => reading);
        }
    }

    [Fact]
    public async Task A_pipe_that_nobody_reads_is_refused_and_one_whose_reader_went_fails()
    {
        Assert.Throws<NativeException>(() => DescriptorStream.OpenWrite(Pipe));
        var reader = DescriptorStream.OpenRead(Pipe);
        await using var writer = DescriptorStream.OpenWrite(Pipe);
        await reader.DisposeAsync();
        await Assert.ThrowsAsync<NativeException>(() => writer.WriteAsync(new byte[8], TestContext.Current.CancellationToken).AsTask());
    }

    [Fact]
    public void What_is_not_there_is_refused() => Assert.Throws<NativeException>(() => DescriptorStream.OpenRead(Pipe + "-other"));
}
