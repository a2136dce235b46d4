using Godwit.Relocation.Channel;
using Godwit.Relocation.Protocol;

namespace Godwit.Relocation.Source;

/// <summary>The source's talk with the destination: what it says, and what it makes of what it hears.</summary>
/// <param name="site">This host.</param>
/// <param name="dialer">Opens the line.</param>
/// <param name="clock">Learns the destination's clock.</param>
/// <param name="clockLearned">Called when it has.</param>
/// <param name="toEngine">Takes what the destination's engine says.</param>
/// <param name="post">Takes the events.</param>
internal sealed class SourceLine(
    ISourceSite site, IRelocationDialer dialer, ClockOffset clock, Action clockLearned, Func<ReadOnlyMemory<byte>, CancellationToken, Task> toEngine, Action<SourceEvent> post)
{
    private RelocationMessage.Welcome? _welcome;

    /// <summary>Null until the destination has answered the call.</summary>
    public IRelocationChannel? Channel { get; private set; }

    /// <summary>The destination takes zeros by their number.</summary>
    public bool KnowsZeros => _welcome?.Version >= ProtocolVersion.WithZeros;

    /// <summary>What the destination said when the domain ran there.</summary>
    public RelocationMessage.Running? Arrival { get; private set; }

    /// <summary>Opens the line, makes the offer, and listens to its end.</summary>
    public async Task RunAsync(string destination, CancellationToken token)
    {
        try
        {
            Channel = await dialer.DialAsync(destination, token);
            await Channel.SendAsync(new RelocationMessage.Hello(ProtocolVersion.Lowest, ProtocolVersion.Current, site.Offer), token);
            while (await Channel.ReceiveAsync(token) is { } message)
                await TakeAsync(message, token);
            post(new SourceEvent.ChannelLost($"{Channel.Peer} closed the line"));
        }
        catch (ChannelException e)
        {
            post(new SourceEvent.ChannelLost(e.Message));
        }
    }

    /// <summary>Sends the boot files that the destination lacks, and has it prepare.</summary>
    public async Task SendPrepareAsync(CancellationToken token)
    {
        try
        {
            foreach (var digest in _welcome!.MissingBootFiles)
                await BootFileSender.SendAsync(site, Channel!, digest, token);
            await Channel!.SendAsync(new RelocationMessage.Prepare(), token);
        }
        catch (ChannelException e)
        {
            post(new SourceEvent.ChannelLost(e.Message));
        }
        catch (IOException e)
        {
            post(new SourceEvent.SendFailed($"a boot file cannot be read: {e.Message}"));
        }
    }

    /// <summary>Says nothing where there is no line.</summary>
    public async Task SayAsync(RelocationMessage message, CancellationToken token)
    {
        if (Channel is null)
            return;
        try
        {
            await Channel.SendAsync(message, token);
        }
        catch (ChannelException e)
        {
            post(new SourceEvent.ChannelLost(e.Message));
        }
    }

    /// <summary>Repeating it is harmless.</summary>
    public ValueTask CloseAsync() => Channel?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task TakeAsync(RelocationMessage message, CancellationToken token)
    {
        switch (message)
        {
            case RelocationMessage.Welcome { Version: < ProtocolVersion.Lowest or > ProtocolVersion.Current } m:
                throw new ChannelException(
                    $"{Channel!.Peer} chose version {m.Version} of the relocation protocol; it was offered {ProtocolVersion.Lowest} to {ProtocolVersion.Current}.");
            case RelocationMessage.Welcome m when _welcome is null:
                _welcome = m;
                post(new SourceEvent.Welcomed());
                await SayAsync(clock.Ask(), token);
                break;
            case RelocationMessage.ClockAnswer m:
                if (clock.Take(m))
                    await SayAsync(clock.Ask(), token);
                clockLearned();
                break;
            case RelocationMessage.Refused m:
                post(new SourceEvent.Refused(m.Reason, m.Remedy));
                break;
            case RelocationMessage.Prepared:
                post(new SourceEvent.DestinationPrepared());
                break;
            case RelocationMessage.EngineBytes m:
                await toEngine(m.Bytes, token);
                break;
            case RelocationMessage.EngineEnd:
                break;
            case RelocationMessage.Running m:
                Arrival = m;
                post(new SourceEvent.DestinationRuns());
                break;
            case RelocationMessage.GaveBack m:
                post(new SourceEvent.DestinationGaveBack(m.Reason));
                break;
            case RelocationMessage.Failed m:
                post(new SourceEvent.DestinationFailed(m.Reason, m.Remedy, m.Step));
                break;
            default:
                throw new ChannelException($"{Channel!.Peer} sent a {message.GetType().Name}, which has no place here.");
        }
    }
}
