using Godwit.Aoe.Control;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Microsoft.Extensions.Logging;

namespace Godwit.Aoe.Initiator;

/// <summary>
/// A disk behind a target, as a block device of this process. Requests of any size are cut into frames; many are on
/// their way at a time. A request that the target refuses fails at once; one without an answer is sent again, under
/// the same tag, until it is too old.
/// <para>
/// A target that was started anew has perhaps lost, with the power of its machine, writes that it answered from its
/// cache. Those that were not flushed yet are kept here, and written again before anything else is asked of it, as NFS
/// clients do with COMMIT.
/// </para>
/// </summary>
public sealed partial class AoeInitiator : IAsyncDisposable
{
    /// <summary>Checks that may be spared while the target serves.</summary>
    private const int BeatsUnasked = 10;

    private readonly IReadOnlyList<IFrameLink> _links;
    private readonly AoeAddress _address;
    private readonly InitiatorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FrameExchange _exchange;
    private readonly SessionGuard _guard;
    private readonly SemaphoreSlim _renewing = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _flushing = new();
    private Task _heartbeat = Task.CompletedTask;
    private Task _recovering = Task.CompletedTask;
    private Task _bounding = Task.CompletedTask;
    private volatile string? _lost;
    private byte _mark;
    private FenceStanding _standing;
    private bool? _userStopped;
    private Guid _bootId;
    private TargetIdentity? _reference;

    // 47 bits, as an address has them, and not 0.
    private readonly long _process = Random.Shared.NextInt64(1, 1L << 47);
    private volatile bool _writeCache;

    private AoeInitiator(IReadOnlyList<IFrameLink> links, AoeAddress address, InitiatorOptions options, TimeProvider time, ILogger logger)
    {
        _links = links;
        _address = address;
        _options = options;
        _time = time;
        _logger = logger;
        _guard = new SessionGuard(options.InUse);
        _exchange = new FrameExchange(links, address, options, time, logger)
        {
            StartedAnew = () => _recovering = Task.Run(RecoverAsync),
            ProbeWanted = path => path.Probe = Task.Run(() => ProbeAsync(path)),
            UnflushedChanged = options.Memory is { } memory ? unflushed => memory.Unflushed = unflushed : null,
        };
    }

    /// <summary>Bytes.</summary>
    public long SizeBytes { get; private set; }

    /// <summary>Whether the target takes <see cref="DiscardAsync"/>.</summary>
    public bool Discards { get; private set; }

    /// <summary>Fails when all network interfaces did.</summary>
    public Task Ended => _exchange.Ended;

    /// <summary>Uses one link only; else as the other one.</summary>
    public static Task<AoeInitiator> ConnectAsync(
        IFrameLink link, AoeAddress address, InitiatorOptions options, TimeProvider time, ILogger logger,
        CancellationToken cancellationToken) => ConnectAsync([link], address, options, time, logger, cancellationToken);

    /// <summary>
    /// Finds the target and learns its size; it is the first that answers on any of the links. Takes over the links, also when it
    /// fails.
    /// </summary>
    /// <exception cref="TargetErrorException">It answered with an error.</exception>
    /// <exception cref="OperationCanceledException">It was not found in the caller's time.</exception>
    public static async Task<AoeInitiator> ConnectAsync(
        IReadOnlyList<IFrameLink> links, AoeAddress address, InitiatorOptions options, TimeProvider time, ILogger logger,
        CancellationToken cancellationToken)
    {
        var initiator = new AoeInitiator(links, address, options, time, logger);
        try
        {
            await initiator._exchange.FindTargetAsync(cancellationToken).ConfigureAwait(false);
            await initiator.BeginAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            initiator._heartbeat = initiator.BeatAsync(initiator._stop.Token);
            return initiator;
        }
        catch
        {
            await initiator.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Reads whole sectors. The buffer belongs to the initiator until the task is done.</summary>
    public ValueTask ReadAsync(long offset, Memory<byte> buffer) => SubmitAsync(new IoRequest
    {
        Command = AtaCommand.ReadExt,
        Into = buffer,
        FirstSector = Sector(offset, buffer.Length),
        Sectors = buffer.Length / AoeProtocol.SectorBytes,
    });

    /// <summary>
    /// Writes whole sectors; on stable storage after the next <see cref="FlushAsync"/>. The data must not change until
    /// the task is done.
    /// </summary>
    public async ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> data)
    {
        await SubmitAsync(new IoRequest
        {
            Command = AtaCommand.WriteExt,
            From = data,
            FirstSector = Sector(offset, data.Length),
            Sectors = data.Length / AoeProtocol.SectorBytes,
        }).ConfigureAwait(false);
        if (_exchange.UnflushedBytes > _options.UnflushedLimit) await BoundAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Whole sectors that hold nothing any more: they read as zeroes, and take no room where the medium can do without. Durable
    /// as a write is. Only where <see cref="Discards"/>.
    /// </summary>
    public async ValueTask DiscardAsync(long offset, long length)
    {
        var (sector, end) = (Sector(offset, length), (offset + length) / AoeProtocol.SectorBytes);
        while (sector < end)
        {
            var range = new TrimRange(sector, (int)Math.Min(end - sector, TrimRange.MostSectors));
            var list = new byte[AoeProtocol.SectorBytes];
            range.Write(list);
            await SubmitAsync(new IoRequest { Command = AtaCommand.DataSetManagement, From = list, Sectors = 1 }).ConfigureAwait(false);
            sector += range.Sectors;
        }
        if (_exchange.UnflushedBytes > _options.UnflushedLimit) await BoundAsync().ConfigureAwait(false);
    }

    /// <summary>All writes whose tasks were done before are on stable storage.</summary>
    /// <exception cref="TargetErrorException">Some are not, or it is not known: then no later flush succeeds either.</exception>
    public async ValueTask FlushAsync()
    {
        await SubmitAsync(new IoRequest { Command = AtaCommand.FlushCache }).ConfigureAwait(false);
        ThrowIfLost();
    }

    /// <summary>What is asked for on this thread from here to <see cref="EndGroup"/> may set out together.</summary>
    public void BeginGroup() => _exchange.BeginGroup();

    public void EndGroup() => _exchange.EndGroup();

    /// <summary>
    /// Leaves something to be done once all requests that end together are told of. False when it is to be done now: this thread is
    /// not about to tell of another.
    /// </summary>
    public static bool TryDefer(Action action) => FrameExchange.TryDefer(action);

    /// <summary>
    /// From now on all frames carry this session, also those that wait for an answer: they are sent again. Done when
    /// the target has heard of it; whether it serves the session shows in <see cref="Status"/>.
    /// </summary>
    public async Task SetSessionAsync(int session)
    {
        // Whoever is being stopped for the old session's sake has been stopped by then: under the new one it may go on.
        await _renewing.WaitAsync().ConfigureAwait(false);
        try
        {
            _exchange.SetSession(session);
            _guard.Renew();
            _userStopped = null;
            // What the earlier stay lost is over with it.
            _lost = null;
        }
        finally
        {
            _renewing.Release();
        }
        await AskForWriteCacheAsync().ConfigureAwait(false);
        await IdentifyAsync().ConfigureAwait(false);
    }

    /// <summary>Asks the target for its size, which it may have changed.</summary>
    /// <returns>The size now, in bytes.</returns>
    /// <exception cref="TargetErrorException">It did not answer in time.</exception>
    public async Task<long> MeasureAsync()
    {
        await IdentifyAsync().ConfigureAwait(false);
        return SizeBytes;
    }

    public AttachStatus Status()
    {
        var status = _exchange.Status();
        return new AttachStatus
        {
            Device = _address.ToString(),
            Size = SizeBytes,
            Session = status.Session,
            State = !status.Answering ? AttachState.Down
                : _guard.Superseded ? AttachState.Superseded
                : _standing == FenceStanding.None ? AttachState.Refused : AttachState.Up,
            EngineStopped = _userStopped,
            Interface = string.Join(',', _links.Select(link => link.Name)),
            Mtu = _links.Min(link => link.Mtu),
            TargetMac = status.Target.ToString(),
            SectorsPerFrame = status.SectorsPerFrame,
            Window = status.Window,
            InFlight = status.InFlight,
            RttMicroseconds = status.RttMicroseconds,
            Retransmits = status.Retransmits,
            WriteCache = _writeCache,
            Lost = _lost,
            Latency = status.Latency,
            Paths = status.Paths,
        };
    }

    /// <summary>Waits for the requests on their way, then lets go of the links.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _exchange.StopAsync().ConfigureAwait(false);
        await _heartbeat.ConfigureAwait(false);
        await _recovering.ConfigureAwait(false);
        await Task.WhenAll(_exchange.Paths.Select(path => path.Probe)).ConfigureAwait(false);
        foreach (var link in _links) link.Dispose();
        _stop.Dispose();
        _renewing.Dispose();
    }

    private ValueTask SubmitAsync(IoRequest request) =>
        _lost is null ? _exchange.Submit(request) : ValueTask.FromException(new TargetErrorException(TargetFailure.StartedAnew, _lost));

    private void ThrowIfLost()
    {
        if (_lost is { } reason) throw new TargetErrorException(TargetFailure.StartedAnew, reason);
    }

    // One flush for all that wait for room.
    private Task BoundAsync()
    {
        lock (_flushing) return _bounding.IsCompleted ? _bounding = FlushQuietlyAsync() : _bounding;
    }

    private async Task FlushQuietlyAsync()
    {
        try
        {
            await FlushAsync().ConfigureAwait(false);
        }
        catch (TargetErrorException e)
        {
            // The write itself was done; whoever flushes will hear of it.
            LogHeartbeatFailed(_logger, _address, e.Message);
        }
    }

    // Tells in time that the target went, that it came back and forgot, and that another host took the disk over. A
    // target that serves this session says by that that it stands; once in a while it is asked all the same.
    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (var askedAt = _time.GetTimestamp(); ; askedAt = _time.GetTimestamp())
            {
                await Task.Delay(_options.Heartbeat, _time, cancellationToken).ConfigureAwait(false);
                while (_options.Heartbeat - _exchange.Served().Ago is var left && left > TimeSpan.Zero
                    && _time.GetElapsedTime(askedAt) < _options.Heartbeat * BeatsUnasked)
                    await Task.Delay(left, _time, cancellationToken).ConfigureAwait(false);
                try
                {
                    await IdentifyAsync().ConfigureAwait(false);
                    if (_guard.Superseded) await StopUserAsync(cancellationToken).ConfigureAwait(false);
                    if (!_writeCache && _standing != FenceStanding.None) await AskForWriteCacheAsync().ConfigureAwait(false);
                }
                catch (TargetErrorException e)
                {
                    LogHeartbeatFailed(_logger, _address, e.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            LogDetached(_logger, _address);
        }
    }

    private async Task StopUserAsync(CancellationToken cancellationToken)
    {
        if (_options.StopUser is not { } stop) return;
        await _renewing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_guard.Superseded) return;
            var stands = await stop(cancellationToken).ConfigureAwait(false);
            if (stands != _userStopped) LogSuperseded(_logger, _address, stands ? "it stands" : "it could not be stopped yet");
            _userStopped = stands;
        }
        finally
        {
            _renewing.Release();
        }
    }

    private static long Sector(long offset, long length) =>
        offset % AoeProtocol.SectorBytes == 0 && length % AoeProtocol.SectorBytes == 0 && length > 0
            ? offset / AoeProtocol.SectorBytes
            : throw new ArgumentException($"{length} bytes at {offset} are not whole sectors");

    [LoggerMessage(EventId = 1201, Level = LogLevel.Information, Message = "{Device}: the target's fence says {Standing}, epoch {Epoch}")]
    private static partial void LogStanding(ILogger logger, AoeAddress device, FenceStanding standing, long epoch);

    [LoggerMessage(EventId = 1202, Level = LogLevel.Warning, Message = "{Device}: the target was restarted")]
    private static partial void LogRestarted(ILogger logger, AoeAddress device);

    [LoggerMessage(EventId = 1203, Level = LogLevel.Warning, Message = "{Device}: {Reason}")]
    private static partial void LogHeartbeatFailed(ILogger logger, AoeAddress device, string reason);

    [LoggerMessage(EventId = 1206, Level = LogLevel.Warning, Message = "{Device}: the target was started anew; {Frames} unflushed frames were written again")]
    private static partial void LogReplayed(ILogger logger, AoeAddress device, int frames);

    [LoggerMessage(EventId = 1207, Level = LogLevel.Critical, Message = "{Reason}; every request fails from now on")]
    private static partial void LogLost(ILogger logger, string reason);

    [LoggerMessage(EventId = 1205, Level = LogLevel.Warning, Message = "{Device}: another host is the writer now; whoever uses the disk here is stopped: {Outcome}")]
    private static partial void LogSuperseded(ILogger logger, AoeAddress device, string outcome);

    [LoggerMessage(EventId = 1204, Level = LogLevel.Debug, Message = "{Device}: detached")]
    private static partial void LogDetached(ILogger logger, AoeAddress device);
}
