using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Relocation.Channel;
using Microsoft.Extensions.Logging;

namespace Godwit.Relocation.Source;

/// <summary>What the source has its engine do: send, switch over, and run again.</summary>
/// <param name="site">This host.</param>
/// <param name="options">How it is to send.</param>
/// <param name="time">The clock.</param>
/// <param name="log">For what is tried again.</param>
/// <param name="post">Takes the events.</param>
internal sealed class SourceEngine(ISourceSite site, RelocationOptions options, TimeProvider time, ILogger log, Action<SourceEvent> post)
{
    private const int ResumeAttempts = 10;

    /// <summary>An engine's greeting has some dozen bytes.</summary>
    private const int MostEarlyBytes = 64 << 10;
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    /// <summary>What the destination's engine said before this one listened: some greet first.</summary>
    private readonly List<byte> _early = [];
    private Task _beginning = Task.CompletedTask;
    private Stream? _stream;
    private bool _listens, _givenUp;
    private EnginePump? _pump;

    /// <summary>Bytes that the engine has sent.</summary>
    public long Bytes => _pump?.Bytes ?? 0;

    private string Domain => site.Offer.Spec.Name;

    private SendOptions HowToSend => new()
    {
        DowntimeLimitMilliseconds = options.DowntimeLimitMilliseconds,
        MaxBytesPerSecond = options.MaxBytesPerSecond,
    };

    /// <summary>Beside the destination's own preparation, which takes as long.</summary>
    public async Task PrepareAsync(CancellationToken token)
    {
        try
        {
            await (_beginning = site.Copy.PrepareSendAsync(HowToSend, token));
        }
        catch (Exception e) when (e is GodwitException or IOException)
        {
            post(new SourceEvent.SendFailed(e.Message));
        }
    }

    /// <summary>Sends to the end of the engine's stream.</summary>
    /// <param name="channel">Carries the bytes.</param>
    /// <param name="shorten">The other side knows zeros by their number.</param>
    /// <param name="began">Called once the engine sends.</param>
    /// <param name="token">Ends it.</param>
    public async Task SendAsync(IRelocationChannel channel, bool shorten, Action began, CancellationToken token)
    {
        try
        {
            await _beginning;
            if (_givenUp)
                return;
            var sending = site.Copy.SendAsync(HowToSend, token);
            _beginning = sending;
            _stream = await sending;
            _pump = new EnginePump(_stream, channel, shorten);
            began();
            await GreetAsync(_stream, token);
            await _pump.RunAsync(token);
        }
        catch (ChannelException e)
        {
            post(new SourceEvent.ChannelLost(e.Message));
        }
        catch (Exception e) when (e is GodwitException or IOException)
        {
            post(new SourceEvent.SendFailed(e.Message));
        }
    }

    /// <summary>Gives it what the destination's engine said.</summary>
    public async Task TakeAsync(ReadOnlyMemory<byte> bytes, CancellationToken token)
    {
        if (_listens)
        {
            await WriteAsync(_stream!, bytes, token);
            return;
        }
        if (_early.Count + bytes.Length > MostEarlyBytes)
            throw new ChannelException("The destination's engine said too much before this one listened.");
        _early.AddRange(bytes.Span);
    }

    public async Task FlushDisksAsync(CancellationToken token)
    {
        try
        {
            await site.FlushDisksAsync(token);
        }
        catch (Exception e) when (e is GodwitException or IOException)
        {
            post(new SourceEvent.SendFailed($"a disk cannot be flushed: {e.Message}"));
        }
    }

    public async Task PermitSwitchoverAsync(CancellationToken token)
    {
        try
        {
            await site.Copy.PermitSwitchoverAsync(token);
        }
        catch (Exception e) when (e is GodwitException or IOException)
        {
            post(new SourceEvent.SendFailed(e.Message));
        }
    }

    /// <summary>Gives up what was sent, or prepared to be sent.</summary>
    public async Task CancelAsync(CancellationToken token)
    {
        _givenUp = true;
        // What is just beginning has nothing yet that could be ended.
        await _beginning.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        // Before it is told: an engine whose last bytes nobody takes waits for that alone, and hears nothing.
        await CloseAsync();
        await site.Copy.CancelSendAsync(token);
    }

    /// <summary>
    /// Lets the held copy run, unless it was paused before. This host owns the domain and nobody else will run it: an
    /// engine that refuses once is asked again. When it goes on refusing, the domain stays paused here, for a person to
    /// see and to unpause.
    /// </summary>
    public async Task ResumeHeldAsync(CancellationToken token)
    {
        if (site.Offer.RunState != RunState.Running)
            return;
        for (var attempt = 1; attempt <= ResumeAttempts; attempt++)
        {
            try
            {
                await site.Copy.ContinueAsync(token);
                return;
            }
            catch (Exception e) when (!token.IsCancellationRequested)
            {
                Log.NotResumed(log, Domain, attempt, e);
                await Task.Delay(AskAgain, time, token);
            }
        }
    }

    /// <summary>What it was told when the relocation failed, and what it did in the same moment, come from two sides.</summary>
    /// <returns>True: it was held, and runs again.</returns>
    public async Task<bool> ResumeIfHeldAsync(CancellationToken token)
    {
        while ((await site.Copy.QueryAsync(token)).Phase is var phase && phase is CopyPhase.Held or CopyPhase.SwitchingOver)
        {
            if (phase == CopyPhase.Held)
            {
                await ResumeHeldAsync(token);
                return true;
            }
            await Task.Delay(LookAgain, time, token);
        }
        return false;
    }

    /// <summary>Repeating it is harmless.</summary>
    public ValueTask CloseAsync() => _stream?.DisposeAsync() ?? ValueTask.CompletedTask;

    // More may be said meanwhile; what follows it comes after it.
    private async Task GreetAsync(Stream stream, CancellationToken token)
    {
        while (_early.Count > 0)
        {
            var words = _early.ToArray();
            _early.Clear();
            await WriteAsync(stream, words, token);
        }
        _listens = true;
    }

    private async Task WriteAsync(Stream stream, ReadOnlyMemory<byte> bytes, CancellationToken token)
    {
        try
        {
            await stream.WriteAsync(bytes, token);
        }
        catch (IOException e)
        {
            // The engine closes its end once it has heard all it wants; what still comes for it is of no use to anyone.
            Log.EngineClosed(log, Domain, e.Message);
        }
    }
}
