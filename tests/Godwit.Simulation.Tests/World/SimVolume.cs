using Godwit.Hypervisors.Fake;
using Godwit.Storage;
using Godwit.Domains;

namespace Godwit.Simulation.Tests.World;

/// <summary>A volume of the simulated storage host, with the fence of the design.</summary>
internal sealed class SimVolume(string name)
{
    private readonly Dictionary<int, string> _sessions = [];
    private readonly List<FakeMemory> _log = [];
    private int _lastSession;

    public string Name => name;

    /// <summary>Session of the writer; 0 before there is one.</summary>
    public int Writer { get; private set; }

    public long Epoch { get; private set; }

    /// <summary>Acknowledged writes.</summary>
    public IReadOnlyList<FakeMemory> Log => _log;

    /// <summary>Hosts that hold a session.</summary>
    public IReadOnlyCollection<string> Admitted => _sessions.Values;

    public int Admit(string host)
    {
        _sessions[++_lastSession] = host;
        return _lastSession;
    }

    public void Release(int session) => _sessions.Remove(session);

    public bool MayWrite(int session) => session == Writer && _sessions.ContainsKey(session);

    /// <summary>A superseded session is refused its reads as well; a reader's is not.</summary>
    public bool Knows(int session) => _sessions.ContainsKey(session);

    public long Fence(long epoch, int session)
    {
        if (epoch < Epoch)
            throw new GodwitException(FenceRefusal.StaleEpoch, $"{name} has seen epoch {Epoch}; {epoch} comes too late.");
        if (!_sessions.ContainsKey(session))
            throw new GodwitException(FenceRefusal.NotAdmitted, $"{name} does not know session {session}.");
        var before = Epoch;
        if (Writer != session)
            _sessions.Remove(Writer);
        (Writer, Epoch) = (session, epoch);
        return before;
    }

    public FakeWriteResult Write(int session, FakeMemory next)
    {
        if (!MayWrite(session))
            return FakeWriteResult.Refused;
        _log.Add(next);
        return FakeWriteResult.Acknowledged;
    }
}
