namespace Godwit.Lab;

/// <summary>
/// What to do, in reverse order, when a change in several steps fails half-way. <see cref="Keep"/> forgets it all once
/// the change is complete.
/// </summary>
internal sealed class UndoStack : IAsyncDisposable
{
    private readonly Stack<(string What, Func<Task> Undo)> _steps = new();
    private readonly Action<string> _report;

    public UndoStack(Action<string> report) => _report = report;

    public void Push(string what, Func<Task> undo) => _steps.Push((what, undo));

    public void Keep() => _steps.Clear();

    /// <summary>Undoes what is left. A step that fails is reported, and the ones below it are still done.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_steps.TryPop(out var step))
        {
            try
            {
                await step.Undo().ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                _report($"could not undo: {step.What}: {e.Message}");
            }
        }
    }
}
