using System.Buffers;
using Godwit.Domains;
using Godwit.Hypervisors;
using Godwit.Relocation.Channel;
using Godwit.Storage.Volumes;

namespace Godwit.Host.Save;

/// <summary>Gives an empty receiver the memory that was saved.</summary>
internal static class SavedMemoryFeed
{
    private const int BlockLength = 256 << 10;
    private const string NotLoaded = "memory-not-loaded";

    /// <summary>When it returns the copy has loaded all, is paused, and what it has loaded is what was saved.</summary>
    /// <exception cref="GodwitException">The file is damaged, or the engine does not take it.</exception>
    public static async Task RunAsync(IDomainCopy copy, SavedReader file, IProgress<WorkProgress> progress, CancellationToken token)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(token);
        await using var engine = await copy.ReceiveAsync(token);
        Task words = Apart.RunAsync(() => HearAsync(engine, ended.Token));
        var loaded = UntilLoadedAsync(copy, ended.Token);
        var verified = false;
        try
        {
            if (await Apart.RunAsync(() => FeedAsync(file, engine, progress, token)))
            {
                // Before the engine's word, which may never come: of a damaged file it may wait for bytes that do not exist.
                verified = true;
                await file.VerifyAsync(token);
            }
            await loaded;
        }
        catch (GodwitException e) when (e.Code == NotLoaded && !verified)
        {
            // The engine's failure may be the file's.
            await file.VerifyAsync(token);
            throw;
        }
        finally
        {
            ended.Cancel();
            await words.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await loaded.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
        if (!verified)
            await file.VerifyAsync(token);
    }

    private static async Task<bool> FeedAsync(SavedReader file, Stream engine, IProgress<WorkProgress> progress, CancellationToken token)
    {
        var block = ArrayPool<byte>.Shared.Rent(BlockLength);
        try
        {
            var done = 0L;
            int read;
            while ((read = await file.ReadAsync(block.AsMemory(0, BlockLength), token)) > 0)
            {
                if (!await TryWriteAsync(engine, block.AsMemory(0, read), token))
                    return false;
                done += read;
                progress.Report(new WorkProgress(done, file.StreamBytes));
            }
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    // The engine says by its own event why it takes no more.
    private static async Task<bool> TryWriteAsync(Stream engine, ReadOnlyMemory<byte> bytes, CancellationToken token)
    {
        try
        {
            await engine.WriteAsync(bytes, token);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // What a receiver says to its sender is heard by nobody: but it may wait for being heard, and its driver listens too.
    private static async Task<bool> HearAsync(Stream engine, CancellationToken token)
    {
        var block = new byte[4096];
        try
        {
            while (await engine.ReadAsync(block, token) > 0)
            {
                // On to the next.
            }
        }
        catch (IOException)
        {
            // It has ended, and says so by an event.
        }
        return true;
    }

    private static async Task UntilLoadedAsync(IDomainCopy copy, CancellationToken token)
    {
        while (await copy.Events.WaitToReadAsync(token))
        {
            while (copy.Events.TryRead(out var @event))
            {
                switch (@event)
                {
                    case CopyEvent.Loaded:
                        return;
                    case CopyEvent.ReceiveFailed e:
                        throw Failed(e.Reason);
                    case CopyEvent.Exited e:
                        throw Failed(e.Reason);
                    default:
                        break;
                }
            }
        }
        throw Failed("it ended");

        GodwitException Failed(string reason) => new(NotLoaded, $"The engine does not load the memory of {copy.Order.Spec.Name}: {reason}", "It is saved as it was; see the log of godwitd, and try again.");
    }
}
