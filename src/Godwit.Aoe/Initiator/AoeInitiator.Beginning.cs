using Godwit.Aoe.Control;
using Godwit.Aoe.Wire;
using Godwit.Domains;
using Microsoft.Extensions.Logging;

namespace Godwit.Aoe.Initiator;

/// <content>The first words with a target, and those with one that has started anew.</content>
public sealed partial class AoeInitiator
{
    private async Task BeginAsync()
    {
        var words = await IdentifyAsync().ConfigureAwait(false);
        // Without a session the target knows us by our address alone, and that may be another process's too.
        if (_options.Session == 0 && words?.Standing == FenceStanding.Unfenced) _exchange.DrawSession();
        await AskForWriteCacheAsync().ConfigureAwait(false);
        Use(words);
        if (_options.Memory is not { } memory) return;
        if (_options.InUse && memory.Unflushed && !await InheritAsync(memory.MachineId, words?.MachineId).ConfigureAwait(false)) return;
        memory.Unflushed = false;
        memory.MachineId = words?.MachineId ?? default;
    }

    // The dead process kept what was not flushed, and it went with it. As long as the target's machine has not been
    // restarted since, all of it is in that machine's cache; else a flush would promise what nobody knows.
    private async Task<bool> InheritAsync(Guid before, Guid? now)
    {
        try
        {
            if (now == before)
            {
                await FlushAsync().ConfigureAwait(false);
                now = (await IdentifyAsync().ConfigureAwait(false))?.MachineId;
            }
            if (now == before) return true;
            Lose($"{_address}: the target's machine was restarted, and writes are lost that nobody has any more");
        }
        catch (TargetErrorException e) when (e.Failure is TargetFailure.AtaError or TargetFailure.AoeError)
        {
            // Superseded, most likely: then nothing else is served either.
            LogHeartbeatFailed(_logger, _address, e.Message);
        }
        return false;
    }

    /// <summary>From now on frames are for this start of the target.</summary>
    private void Use(GodwitWords? words)
    {
        _mark = words?.Mark ?? 0;
        _exchange.Resume(_mark);
    }

    // The target was started anew: it gets again what it may have lost, oldest first, before anything else.
    private async Task RecoverAsync()
    {
        while (true)
        {
            try
            {
                var words = await IdentifyAsync(recovering: true).ConfigureAwait(false);
                await AskForWriteCacheAsync().ConfigureAwait(false);
                var unflushed = _exchange.ListUnflushed();
                foreach (var kept in unflushed)
                {
                    await _exchange.Submit(new IoRequest
                    {
                        Command = kept.Command,
                        Urgent = true,
                        Feature = words?.Mark ?? 0,
                        From = kept.Data,
                        FirstSector = kept.Sector,
                        Sectors = kept.Data.Length / AoeProtocol.SectorBytes,
                    }).ConfigureAwait(false);
                }
                if (_options.Memory is { } memory) memory.MachineId = words?.MachineId ?? default;
                LogReplayed(_logger, _address, unflushed.Length);
                Use(words);
                return;
            }
            catch (TargetErrorException e) when (e.Failure is TargetFailure.TimedOut or TargetFailure.StartedAnew)
            {
                LogHeartbeatFailed(_logger, _address, e.Message);
            }
            catch (TargetErrorException e) when (e.Failure == TargetFailure.Detached)
            {
                return;
            }
            catch (TargetErrorException e)
            {
                // Another has the disk now, and its data must not be overwritten; or the medium fails.
                Lose($"{_address}: the target was restarted, and writes that it lost could not be repeated: {e.Message}");
                _exchange.Resume(_mark);
                return;
            }
        }
    }

    private void Lose(string reason)
    {
        _lost = reason;
        LogLost(_logger, reason);
    }

    private async Task<GodwitWords?> IdentifyAsync(bool recovering = false)
    {
        var answer = await AskIdentityAsync(null).ConfigureAwait(false);
        // Of other targets nothing tells a new start from another disk that took the place of one path's target.
        if (answer is { Identity.Godwit: null, Path: { } path } && _reference is not null && !IsSame(answer.Identity)
            && _exchange.FindOther(path) is not null)
        {
            _exchange.Doubt(path);
            return null;
        }
        return Hear(answer, recovering);
    }

    /// <param name="on">The path that is asked about; null: any that is up.</param>
    private async Task<IdentityAnswer> AskIdentityAsync(FramePath? on)
    {
        var data = new byte[AtaIdentity.Bytes];
        var session = _exchange.Served().Session;
        var request = new IoRequest
        {
            Command = AtaCommand.Identify,
            Urgent = true,
            Into = data,
            Sectors = 1,
            Path = on,
            GiveUpAfter = on is null ? null : FrameExchange.ProbePatience,
        };
        await _exchange.Submit(request).ConfigureAwait(false);
        return AtaIdentity.TryRead(data, out var identity)
            ? new IdentityAnswer(identity, session, request.AnsweredBy)
            : throw new TargetErrorException(TargetFailure.AtaError, $"{_address}: the target's identity makes no sense");
    }

    // What the target says of itself, on a path that is known to be its own.
    private GodwitWords? Hear(IdentityAnswer answer, bool recovering)
    {
        var identity = answer.Identity;
        var same = _reference is null || IsSame(identity);
        _reference = TargetIdentity.Of(identity);
        SizeBytes = identity.Sectors * AoeProtocol.SectorBytes;
        Discards = identity.Trims;
        _exchange.KnowsTags = identity.Godwit is not null;
        if (identity.Godwit is not { } godwit)
        {
            _standing = FenceStanding.Unfenced;
            if (!same) _exchange.RelyOn(answer.Path);
            return null;
        }
        if (godwit.Standing != _standing) LogStanding(_logger, _address, godwit.Standing, godwit.Epoch);
        var startedAnew = _bootId != default && godwit.BootId != _bootId;
        if (startedAnew) LogRestarted(_logger, _address);
        _standing = godwit.Standing;
        _bootId = godwit.BootId;
        // An answer that came under a session which was replaced since says nothing of the new one.
        if (_exchange.Served() is var served && served.Session == answer.Session) _guard.Heard(godwit, served.Wrote);
        if (_writeCache && !identity.WriteCache) _writeCache = false;
        if (recovering) return godwit;
        if (_mark != 0 && (godwit.Mark != _mark || startedAnew)) _exchange.Suspend(answer.Path);
        else if (startedAnew) _exchange.RelyOn(answer.Path);
        return godwit;
    }

    /// <param name="Session">The session that was in force when it was asked for.</param>
    private sealed record IdentityAnswer(AtaIdentity Identity, int Session, FramePath? Path);

    private async Task AskForWriteCacheAsync()
    {
        _exchange.Keeping = true;
        try
        {
            var request = AskingForWriteCache(null);
            await _exchange.Submit(request).ConfigureAwait(false);
            // It knows us by this one of our addresses now; the others have yet to be told.
            if (!_writeCache) _exchange.RelyOn(request.AnsweredBy);
            _writeCache = true;
        }
        catch (TargetErrorException e) when (e.Failure is TargetFailure.AtaError or TargetFailure.AoeError)
        {
            // Then each write is durable before it is answered, or refused anyway.
            _writeCache = false;
            _exchange.Keeping = false;
        }
    }

    // To Godwit's target it says also which process it is that sends from this address.
    private IoRequest AskingForWriteCache(FramePath? on) => new()
    {
        Command = AtaCommand.SetFeatures,
        Urgent = true,
        Feature = AtaCommand.EnableWriteCache,
        FirstSector = _bootId == default ? 0 : _process,
        Path = on,
        GiveUpAfter = on is null ? null : FrameExchange.ProbePatience,
    };
}
