using Godwit.Domains;
using Godwit.Hypervisors;

namespace Godwit.Host.Supervise;

/// <summary>How a guest ended, and what its configuration says is to follow.</summary>
internal static class GuestEnd
{
    /// <summary>The action for an event that ends a guest; null for any other event.</summary>
    public static (LifecycleAction Action, RunState Kept)? Judge(DomainSpec spec, CopyEvent @event) => @event switch
    {
        CopyEvent.GuestPoweredOff => (spec.OnPowerOff, RunState.ShutOff),
        // Restarting in place is the engine's work; it reports only where the configuration wants something else.
        CopyEvent.GuestRebooted when spec.OnReboot != LifecycleAction.Restart => (spec.OnReboot, RunState.ShutOff),
        CopyEvent.GuestPanicked => (spec.OnCrash, RunState.Crashed),
        CopyEvent.Exited => (spec.OnCrash, RunState.Crashed),
        _ => null,
    };
}
