using Microsoft.Extensions.Logging;

namespace Godwit.Relocation;

/// <summary>
/// What runs beside the loop of a relocation's side. Nothing in it fails unheard: the machine decides what an unforeseen
/// failure means.
/// </summary>
internal sealed class BesideTasks(string domain, ILogger log, Action<Exception> failed)
{
    private readonly List<Task> _tasks = [];

    /// <summary>Ends them: being cancelled by anything else, such as a driver's own limit, is a failure.</summary>
    public CancellationToken Ends { get; set; }

    public void Add(Task task) => _tasks.Add(GuardAsync(task));

    /// <summary>Returns once all have ended; their token must have been cancelled.</summary>
    public Task EndAsync() => Task.WhenAll(_tasks);

    private async Task GuardAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (OperationCanceledException) when (Ends.IsCancellationRequested)
        {
            // The run has ended, or its daemon ends; the next one settles it.
        }
        catch (Exception e)
        {
            if (e is not Channel.ChannelException)
                Log.Unforeseen(log, domain, e);
            failed(e);
        }
    }
}
