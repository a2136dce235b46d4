using Godwit.Relocation;

namespace Godwit.Daemon.Roles;

/// <summary>
/// Failpoints for tests of whole daemons: a relocation that reaches a place for which there is a file
/// <c>DIRECTORY/PLACE</c> makes <c>DIRECTORY/PLACE.reached</c> beside it, and waits until the first is removed.
/// </summary>
internal sealed class FileFailpoints(string directory, TimeProvider time) : IFailpoints
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(5);

    public async ValueTask ReachAsync(string point, string domain, CancellationToken cancellationToken)
    {
        var file = Path.Combine(directory, point);
        if (!File.Exists(file))
            return;
        await File.WriteAllTextAsync(file + ".reached", domain, cancellationToken);
        while (File.Exists(file))
            await Task.Delay(LookAgain, time, cancellationToken);
    }
}
