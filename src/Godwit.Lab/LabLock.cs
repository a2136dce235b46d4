using Godwit.Domains;

namespace Godwit.Lab;

/// <summary>One change to a lab at a time, also among programs.</summary>
internal static class LabLock
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(50);

    public static void DemandRoot()
    {
        if (!Environment.IsPrivilegedProcess)
            throw new GodwitException("needs-root", "a lab makes namespaces, which needs root", "run it with sudo");
    }

    /// <summary>Waits for its turn. The file goes with the lock.</summary>
    public static async Task<IAsyncDisposable> TakeAsync(string lab, CancellationToken ct)
    {
        var path = $"/run/godwit-lab-{lab}.lock";
        while (true)
        {
            try
            {
                return new FileStream(path, new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.None,
                    Options = FileOptions.DeleteOnClose,
                });
            }
            catch (IOException)
            {
                await Task.Delay(Retry, ct).ConfigureAwait(false);
            }
        }
    }
}
