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
        Use(words);
        await AskForWriteCacheAsync().ConfigureAwait(false);
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
        var data = new byte[AtaIdentity.Bytes];
        var session = _exchange.Served().Session;
        await _exchange.Submit(new IoRequest { Command = AtaCommand.Identify, Urgent = true, Into = data, Sectors = 1 }).ConfigureAwait(false);
        if (!AtaIdentity.TryRead(data, out var identity))
            throw new TargetErrorException(TargetFailure.AtaError, $"{_address}: the target's identity makes no sense");
        SizeBytes = identity.Sectors * AoeProtocol.SectorBytes;
        Discards = identity.Trims;
        if (identity.Godwit is not { } godwit)
        {
            _standing = FenceStanding.Unfenced;
            return null;
        }
        if (godwit.Standing != _standing) LogStanding(_logger, _address, godwit.Standing, godwit.Epoch);
        var startedAnew = _bootId != default && godwit.BootId != _bootId;
        if (startedAnew) LogRestarted(_logger, _address);
        _standing = godwit.Standing;
        _bootId = godwit.BootId;
        // An answer that came under a session which was replaced since says nothing of the new one.
        if (_exchange.Served() is var served && served.Session == session) _guard.Heard(godwit, served.Wrote);
        if (_writeCache && !identity.WriteCache) _writeCache = false;
        if (!recovering && _mark != 0 && (godwit.Mark != _mark || startedAnew)) _exchange.Suspend();
        return godwit;
    }

    private async Task AskForWriteCacheAsync()
    {
        _exchange.Keeping = true;
        try
        {
            await _exchange.Submit(new IoRequest
            {
                Command = AtaCommand.SetFeatures,
                Urgent = true,
                Feature = AtaCommand.EnableWriteCache,
            }).ConfigureAwait(false);
            _writeCache = true;
        }
        catch (TargetErrorException e) when (e.Failure is TargetFailure.AtaError or TargetFailure.AoeError)
        {
            // Then each write is durable before it is answered, or refused anyway.
            _writeCache = false;
            _exchange.Keeping = false;
        }
    }
}
