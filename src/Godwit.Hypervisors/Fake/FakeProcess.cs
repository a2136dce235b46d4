using System.Collections.Immutable;
using Godwit.Domains;

namespace Godwit.Hypervisors.Fake;

/// <summary>
/// One engine process with its guest. It behaves as QEMU does where that matters for a move: the guest is stopped
/// before the switch-over and waits there for permission; the sender is held only once the receiver has said that it
/// loaded all; a stream that breaks before that makes the sender run again by itself, and the receiver die.
/// </summary>
public sealed class FakeProcess
{
    private readonly FakeEngine _engine;
    private readonly FakeDiskWrite _write;
    private readonly ITimer _tick;
    private FakeSend? _send;
    private FakeReceive? _receive;
    private DateTimeOffset _ranSince;
    private TimeSpan _cpuTime;

    internal FakeProcess(FakeEngine engine, CopyOrder order, CopyPhase phase, int id, FakeDiskWrite write)
    {
        (_engine, Order, Phase, Id, _write) = (engine, order, phase, id, write);
        Ports = [.. order.Spec.Interfaces.Select((nic, i) => new GuestPort(nic.Mac, $"tap{id}-{i}", nic.Bridge))];
        Memory = new FakeMemory(order.CopyId, 0);
        _tick = engine.Time.CreateTimer(static state => ((FakeProcess)state!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public CopyOrder Order { get; private set; }

    public int Id { get; }

    /// <summary>Its ports in the host's bridges; they go with the process.</summary>
    public ImmutableArray<GuestPort> Ports { get; }

    public CopyPhase Phase { get; private set; }

    public FakeMemory Memory { get; private set; }

    /// <summary>Something waits for a move that was announced.</summary>
    public bool SendPrepared { get; internal set; }

    /// <summary>The daemon's object that hears the events; null while no daemon is there.</summary>
    internal FakeDomainCopy? Listener { get; set; }

    internal FakeEngine Engine => _engine;

    internal FakeSend? Send => _send;

    internal TimeSpan CpuTime => _cpuTime + (Phase == CopyPhase.Running ? Now - _ranSince : TimeSpan.Zero);

    private DateTimeOffset Now => _engine.Time.GetUtcNow();

    /// <summary>The process dies at once, as by SIGKILL.</summary>
    public void Kill(string reason)
    {
        if (Phase == CopyPhase.Gone)
            return;
        _tick.Dispose();
        Phase = CopyPhase.Gone;
        _engine.Remove(this);
        _send?.Abandon();
        _receive?.Abandon();
        Raise(new CopyEvent.Exited(Now, reason));
    }

    /// <summary>The guest ends by itself.</summary>
    public void PowerOff()
    {
        if (Phase != CopyPhase.Running)
            return;
        StopGuest(CopyPhase.ShutOff);
        Raise(new CopyEvent.GuestPoweredOff(Now));
    }

    /// <summary>The guest's kernel gives up.</summary>
    public void Panic()
    {
        if (Phase != CopyPhase.Running)
            return;
        StopGuest(CopyPhase.Crashed);
        Raise(new CopyEvent.GuestPanicked(Now));
    }

    /// <summary>Somebody lets a held or a paused copy run, by a monitor of the engine's own.</summary>
    public void StrayResume()
    {
        if (Phase is CopyPhase.Held or CopyPhase.Paused)
            RunGuest();
    }

    /// <summary>The attachment's check stops a superseded copy, as it stops QEMU by a monitor of its own.</summary>
    public void StopByCheck()
    {
        if (Phase == CopyPhase.Running)
            StopGuest(CopyPhase.Paused);
    }

    /// <summary>The guest restarts, by itself or by reset; where the configuration wants something else the engine stops it there.</summary>
    public void Reboot()
    {
        if (Phase != CopyPhase.Running)
            return;
        if (Order.Spec.OnReboot != LifecycleAction.Restart)
            StopGuest(CopyPhase.ShutOff);
        Raise(new CopyEvent.GuestRebooted(Now));
    }

    internal void LoseDaemon()
    {
        (Listener, SendPrepared) = (null, false);
        _send?.StreamClosed();
        _receive?.StreamClosed();
    }

    internal void Continue()
    {
        _engine.ThrowIfFailing(FakePoint.Continue);
        switch (Phase)
        {
            case CopyPhase.Running:
                return;
            case CopyPhase.Prepared or CopyPhase.Paused or CopyPhase.Loaded or CopyPhase.Held or CopyPhase.IoError:
                RunGuest();
                return;
            case CopyPhase.Gone:
                throw new EngineGoneException("the fake engine has ended");
            default:
                throw new GodwitException("engine-failed", $"the fake engine cannot continue a copy that is {Phase}");
        }
    }

    internal void Pause()
    {
        if (Phase == CopyPhase.Running)
            StopGuest(CopyPhase.Paused);
    }

    internal Stream BeginSend(SendOptions options)
    {
        _engine.ThrowIfFailing(FakePoint.Send);
        SendPrepared = false;
        // A domain that arrived paused has never run here, and can be sent on all the same.
        if (Phase is not (CopyPhase.Running or CopyPhase.Paused or CopyPhase.Loaded or CopyPhase.Prepared) || _send is { Active: true })
            throw new GodwitException("engine-failed", $"the fake engine cannot send a copy that is {Phase}");
        _send = new FakeSend(this, options, Phase == CopyPhase.Running);
        return _send.Stream;
    }

    internal void CancelSend()
    {
        SendPrepared = false;
        _send?.Cancel();
    }

    internal Stream BeginReceive()
    {
        _engine.ThrowIfFailing(FakePoint.Receive);
        if (Phase != CopyPhase.Receiving || _receive is not null)
            throw new GodwitException("engine-failed", $"the fake engine cannot receive into a copy that is {Phase}");
        _receive = new FakeReceive(this);
        return _receive.Stream;
    }

    /// <summary>The guest has what it is to have at once.</summary>
    internal void Resize(Func<DomainSpec, DomainSpec> change)
    {
        _engine.ThrowIfFailing(FakePoint.Resize);
        if (!_engine.Options.Resizes)
            throw HypervisorErrors.CannotResize(Order.Spec.Name, "fake");
        if (Phase == CopyPhase.Gone)
            throw new GodwitException("engine-failed", "the fake engine has no such guest any more");
        Order = Order with { Spec = change(Order.Spec) };
    }

    internal void StopForSwitchover()
    {
        var ran = Phase == CopyPhase.Running;
        if (ran)
            StopGuest(CopyPhase.SwitchingOver);
        else
            Phase = CopyPhase.SwitchingOver;
    }

    internal void Hold() => Phase = CopyPhase.Held;

    /// <summary>Sending ended without success, or Hold is switched off: as it was before.</summary>
    internal void ResumeByItself(bool ran)
    {
        if (Phase is not (CopyPhase.SwitchingOver or CopyPhase.Held))
            return;
        if (ran)
            RunGuest();
        else
            Phase = CopyPhase.Paused;
    }

    internal void Load(FakeMemory memory)
    {
        Memory = memory;
        Phase = CopyPhase.Loaded;
        Raise(new CopyEvent.Loaded(Now));
    }

    internal void Raise(CopyEvent @event)
    {
        _engine.Observer?.Invoke(this, @event);
        Listener?.Hear(@event);
    }

    private void RunGuest()
    {
        Phase = CopyPhase.Running;
        _ranSince = Now;
        _tick.Change(_engine.Options.GuestTick, _engine.Options.GuestTick);
        Raise(new CopyEvent.Resumed(Now));
    }

    private void StopGuest(CopyPhase phase)
    {
        _cpuTime = CpuTime;
        Phase = phase;
        _tick.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Raise(new CopyEvent.Stopped(Now));
    }

    // The guest counts what the disk has acknowledged, and nothing else.
    private void Tick()
    {
        if (Phase != CopyPhase.Running)
            return;
        var next = Memory with { Counter = Memory.Counter + 1 };
        switch (_write(Order, next))
        {
            case FakeWriteResult.Acknowledged:
                Memory = next;
                break;
            case FakeWriteResult.Refused:
                Raise(new CopyEvent.DiskFailed(Now, "vda", "the storage refused a write"));
                StopGuest(CopyPhase.IoError);
                break;
            default:
                break;
        }
    }
}
