namespace Godwit.Host;

/// <summary>
/// Runs asynchronous work one piece at a time: what a domain's task and a relocation's run rely on instead of locks.
/// Continuations stay on the scheduler as long as nobody writes <c>ConfigureAwait(false)</c>, which is banned here. In
/// a simulation there is a synchronization context that orders everything already, and this adds nothing.
/// </summary>
internal static class Serial
{
    public static Task RunAsync(Func<Task> work) => SynchronizationContext.Current is not null
        ? work()
        : Task.Factory.StartNew(
            work,
            CancellationToken.None,
            TaskCreationOptions.DenyChildAttach,
            new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler).Unwrap();
}
