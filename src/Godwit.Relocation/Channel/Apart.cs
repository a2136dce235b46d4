namespace Godwit.Relocation.Channel;

/// <summary>
/// Where an engine's bytes are moved: apart from the one thread that decides. There each block would wait for its turn
/// twice. In a simulation the synchronization context orders everything, and this adds nothing.
/// </summary>
public static class Apart
{
    public static Task<T> RunAsync<T>(Func<Task<T>> work) => SynchronizationContext.Current is not null
        ? work()
        : Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Default).Unwrap();
}
