namespace Godwit.Daemon;

/// <summary>
/// Lets the daemon begin anew within its process, with its configuration read again. Its socket is away for a moment;
/// domains and disks go on as at any other restart.
/// </summary>
internal sealed class Restart(IHostApplicationLifetime lifetime)
{
    private volatile bool _asked;

    public bool IsAsked => _asked;

    /// <summary>Begins anew once the answer to a request is out.</summary>
    public void After(HttpResponse response)
    {
        _asked = true;
        response.OnCompleted(() =>
        {
            lifetime.StopApplication();
            return Task.CompletedTask;
        });
    }
}
