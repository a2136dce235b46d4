using Microsoft.Extensions.Logging;

namespace Godwit.Host;

/// <summary>
/// Steps taken on the host, to be undone in reverse order unless all succeed. Undoing has a limit of its own and goes
/// on past a step that fails: what remains is logged and found again by the next start.
/// </summary>
internal sealed class UndoStack(TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly Stack<(string What, Func<CancellationToken, Task> Undo)> _steps = [];

    public void Push(string what, Func<CancellationToken, Task> undo) => _steps.Push((what, undo));

    /// <summary>All succeeded: nothing is to be undone any more.</summary>
    public void Keep() => _steps.Clear();

    public async Task UndoAsync()
    {
        using var limit = new CancellationTokenSource(Limit, time);
        while (_steps.TryPop(out var step))
        {
            try
            {
                await step.Undo(limit.Token);
            }
            catch (Exception e)
            {
                Log.UndoFailed(log, step.What, e);
            }
        }
    }
}
