using System.Collections.Immutable;
using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Storage;

namespace Godwit.Host.Create;

/// <summary>An engine's start while its disks are still being attached: both take their time, and neither waits for the other.</summary>
internal static class EngineStart
{
    /// <summary>Returns when the copy is there and all its disks have answered.</summary>
    /// <param name="parts">This host's disks.</param>
    /// <param name="disks">What the copy was given.</param>
    /// <param name="undo">Gets the end of the copy.</param>
    /// <param name="start">Starts the engine.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="GodwitException">The engine does not start, or a disk does not answer.</exception>
    public static async Task<IDomainCopy> RunAsync(
        HostParts parts, ImmutableArray<AttachedDisk> disks, UndoStack undo, Func<Task<IDomainCopy>> start, CancellationToken cancellationToken)
    {
        var ready = Task.WhenAll(disks.Select(disk => parts.Disks.ReadyAsync(disk, cancellationToken)));
        IDomainCopy copy;
        try
        {
            copy = await start();
        }
        catch (GodwitException)
        {
            // An engine whose disk went away knows less about it than the disk does.
            await ready;
            throw;
        }
        undo.Push("destroy the copy", copy.DestroyAsync);
        await ready;
        return copy;
    }
}
