namespace Godwit.Aoe.Initiator;

/// <content>Requests that set out together, and requests that end together: a call for each would cost more than what it carries.</content>
internal sealed partial class FrameExchange
{
    [ThreadStatic]
    private static FrameExchange? t_gathering;

    [ThreadStatic]
    private static List<Action>? t_deferred;

    /// <summary>What this thread submits from now on waits for <see cref="EndGroup"/>, or for frames that go out meanwhile.</summary>
    public void BeginGroup() => t_gathering = this;

    public void EndGroup()
    {
        t_gathering = null;
        bool wake;
        lock (_gate)
        {
            Pump();
            wake = Unpark();
        }
        if (wake) _keeper.Link.Wake();
    }

    /// <summary>
    /// Leaves something to be done when all requests that have ended together are told of. False on a thread that is not about to
    /// tell of another.
    /// </summary>
    public static bool TryDefer(Action action)
    {
        t_deferred?.Add(action);
        return t_deferred is not null;
    }

    // Outside of the lock: the awaiting code runs here and may submit the next request.
    private static void Complete(List<IoRequest> completed, List<Action> deferred)
    {
        if (completed.Count > 1) t_deferred = deferred;
        foreach (var request in completed) request.Finish();
        t_deferred = null;
        completed.Clear();
        foreach (var action in deferred) action();
        deferred.Clear();
    }

    private bool Unpark()
    {
        var parked = _keeper.Parked;
        _keeper.Parked = false;
        return parked;
    }
}
