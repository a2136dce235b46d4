namespace Godwit.Hypervisors.Tests.Qemu;

/// <summary>Joins the streams of a sender and a receiver, as the relocation channel does.</summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly Stream _source, _destination;
    private readonly Task _there, _back;

    public Relay(Stream source, Stream destination, Stream? record = null)
    {
        (_source, _destination) = (source, destination);
        _there = Task.Run(() => PumpAsync(source, destination, record));
        _back = Task.Run(() => PumpAsync(destination, source, null));
    }

    public long Bytes { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _destination.DisposeAsync();
        await Task.WhenAll(_there, _back);
    }

    private async Task PumpAsync(Stream from, Stream to, Stream? record)
    {
        var block = new byte[256 * 1024];
        try
        {
            int read;
            while ((read = await from.ReadAsync(block)) > 0)
            {
                record?.Write(block, 0, read);
                await to.WriteAsync(block.AsMemory(0, read));
                if (from == _source) Bytes += read;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // One of the engines closed its end, and its event tells why: the other one is to know as well.
            await from.DisposeAsync();
            await to.DisposeAsync();
        }
    }
}
