using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Native.Files;

/// <summary>
/// Waits for pipes and terminals, which .NET reads with a thread each that nobody can call back. Here one thread waits for
/// all of them by poll(2), however many wait.
/// </summary>
internal static partial class DescriptorReadiness
{
    public const short Readable = 0x001, Writable = 0x004;
    private static readonly Lock s_changing = new();
    private static readonly List<Waiting> s_waiting = [];
    private static EventSignal? s_news;

    /// <summary>Ends when the descriptor can be read or written, is at its end, or has failed.</summary>
    public static async Task WaitAsync(SafeFileHandle descriptor, short events, CancellationToken cancellationToken)
    {
        var waiting = new Waiting(descriptor, events);
        lock (s_changing)
        {
            if (s_news is null)
            {
                s_news = new EventSignal();
                new Thread(Run) { IsBackground = true, Name = "descriptors" }.Start();
            }
            s_waiting.Add(waiting);
        }
        s_news.Set();
        await using var cancelled = cancellationToken.Register(() =>
        {
            Remove(waiting);
            waiting.Done.TrySetCanceled(cancellationToken);
        }).ConfigureAwait(false);
        await waiting.Done.Task.ConfigureAwait(false);
    }

    private static unsafe void Run()
    {
        while (true)
        {
            Waiting[] waiting;
            lock (s_changing) waiting = [.. s_waiting];
            var polled = new PollEntry[waiting.Length + 1];
            polled[0] = new PollEntry { Descriptor = (int)s_news!.Handle.DangerousGetHandle(), Events = Readable };
            var held = new bool[waiting.Length];
            for (var i = 0; i < waiting.Length; i++) polled[i + 1] = Hold(waiting[i], ref held[i]);
            fixed (PollEntry* first = polled) _ = poll(first, (nuint)polled.Length, -1);
            s_news.Clear();
            for (var i = 0; i < waiting.Length; i++)
            {
                if (held[i]) waiting[i].Descriptor.DangerousRelease();
                // One that was closed meanwhile tells its owner so at the next call.
                if (held[i] && polled[i + 1].Returned == 0) continue;
                Remove(waiting[i]);
                waiting[i].Done.TrySetResult();
            }
        }
    }

    // A number that is closed while it is waited for may be given to another file.
    private static PollEntry Hold(Waiting waiting, ref bool held)
    {
        try
        {
            waiting.Descriptor.DangerousAddRef(ref held);
            return new PollEntry { Descriptor = (int)waiting.Descriptor.DangerousGetHandle(), Events = waiting.Events };
        }
        catch (ObjectDisposedException)
        {
            return new PollEntry { Descriptor = -1 };
        }
    }

    private static void Remove(Waiting waiting)
    {
        lock (s_changing) s_waiting.Remove(waiting);
        // So that its descriptor is let go of.
        s_news!.Set();
    }

    private sealed class Waiting(SafeFileHandle descriptor, short events)
    {
        public SafeFileHandle Descriptor { get; } = descriptor;

        public short Events { get; } = events;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>poll.h, struct pollfd; a negative descriptor is passed over.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int poll(PollEntry* entries, nuint count, int timeoutMs);
}
