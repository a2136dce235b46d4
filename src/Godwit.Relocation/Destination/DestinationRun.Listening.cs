using Godwit.Domains;
using Godwit.Relocation.Channel;
using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Destination;

/// <content>What the source says, and what becomes of it.</content>
public sealed partial class DestinationRun
{
    private static readonly byte[] Zeros = new byte[64 << 10];

    private async Task ListenAsync(CancellationToken token)
    {
        try
        {
            while (await _channel.ReceiveAsync(token) is { } message)
            {
                if (message is RelocationMessage.EngineBytes or RelocationMessage.EngineZeros && _engine is { } engine)
                    message = await Apart.RunAsync(() => CarryAsync(message, engine, token));
                if (message is null)
                    break;
                await TakeAsync(message, token);
            }
            Post(new DestinationEvent.ChannelLost($"{_channel.Peer} closed the line"));
        }
        catch (ChannelException e)
        {
            Post(new DestinationEvent.ChannelLost(e.Message));
        }
        catch (GodwitException e)
        {
            // The machine has it told to the source before the line is let go.
            Post(new DestinationEvent.TakingFailed(e.Message, e.Remedy));
        }
    }

    private async Task TakeAsync(RelocationMessage message, CancellationToken token)
    {
        switch (message)
        {
            case RelocationMessage.ClockQuestion m:
                await SayAsync(new RelocationMessage.ClockAnswer(m.Number, _clock.Now), token);
                break;
            case RelocationMessage.BootFile m when _missing.Contains(m.Digest) && _bootFile is null:
                await StoreAsync(async () =>
                {
                    _bootFile = _site.CreateBootFile(m.Digest, m.Length);
                    await KeepBootFileAsync(token);
                });
                break;
            case RelocationMessage.FileBytes m when _bootFile is not null:
                await StoreAsync(async () =>
                {
                    await _bootFile.WriteAsync(m.Bytes, token);
                    await KeepBootFileAsync(token);
                });
                break;
            case RelocationMessage.Prepare:
                Post(new DestinationEvent.PrepareAsked());
                break;
            case RelocationMessage.EngineEnd:
                break;
            case RelocationMessage.Stopping m when _copy is not null:
                _addresses = m.Addresses;
                Post(new DestinationEvent.SourceStopping());
                break;
            case RelocationMessage.Handover:
                _stamps.HandoverReceived();
                Post(new DestinationEvent.HandedOver());
                break;
            case RelocationMessage.Frames m when _copy is not null:
                _site.DeliverFrames(m.Ports);
                break;
            case RelocationMessage.Failed m:
                Post(new DestinationEvent.SourceFailed(m.Reason));
                break;
            default:
                throw new ChannelException($"{_channel.Peer} sent a {message.GetType().Name}, which has no place here.");
        }
    }

    private async Task StoreAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GodwitException(
                "boot-file-not-stored", $"{Offer.To} cannot store the kernel or ramdisk of {Offer.Spec.Name}: {e.Message}",
                $"Make room on {Offer.To} where godwitd keeps its state, and migrate again.", e);
        }
    }

    private async Task KeepBootFileAsync(CancellationToken token)
    {
        if (!await _bootFile!.KeepAsync(token))
            return;
        await _bootFile.DisposeAsync();
        _bootFile = null;
    }

    /// <summary>Gives the engine its bytes up to the next message of another kind, which is returned; null at the end of the line.</summary>
    private async Task<RelocationMessage?> CarryAsync(RelocationMessage? message, Stream engine, CancellationToken token)
    {
        while (true)
        {
            switch (message)
            {
                case RelocationMessage.EngineBytes m:
                    await WriteAsync(engine, m.Bytes, token);
                    break;
                case RelocationMessage.EngineZeros m:
                    for (var left = m.Length; left > 0; left -= Zeros.Length)
                        await WriteAsync(engine, Zeros.AsMemory(0, Math.Min(left, Zeros.Length)), token);
                    break;
                default:
                    return message;
            }
            message = await _channel.ReceiveAsync(token);
        }
    }

    private async Task WriteAsync(Stream engine, ReadOnlyMemory<byte> bytes, CancellationToken token)
    {
        try
        {
            await engine.WriteAsync(bytes, token);
        }
        catch (IOException e)
        {
            // The engine says by its own event why it takes no more.
            Log.EngineClosed(_log, Offer.Spec.Name, e.Message);
        }
    }
}
