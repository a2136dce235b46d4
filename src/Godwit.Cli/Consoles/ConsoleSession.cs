using Godwit.Cli.Running;

namespace Godwit.Cli.Consoles;

/// <summary>How a session on a domain's console ended.</summary>
internal enum ConsoleEnding
{
    /// <summary>The user typed Ctrl-].</summary>
    Left = 1,

    /// <summary>Standard input, which was not a terminal, came to its end.</summary>
    InputEnded,

    /// <summary>The domain ended, or moved away, or the line broke.</summary>
    GuestEnded,
}

/// <summary>
/// Carries bytes between the user and a domain's console until one of the two leaves:
/// <code>
///   keys ──► EscapeDetector ──► guest          guest ──► standard output
///              │ Ctrl-]: Left                    │ end: GuestEnded
/// </code>
/// Bytes go through as they are; what they mean is between the guest and the terminal. The session disposes of the
/// guest's end: that is how the guest still gets what was typed last.
/// </summary>
internal sealed class ConsoleSession(Stream guest, Surroundings around)
{
    /// <summary>After the end of a script on standard input, the guest's answer is complete when it is silent for so long.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(500);

    /// <summary>A guest that never falls silent is not listened to for longer than this.</summary>
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(10);

    private long _heard;

    public async Task<ConsoleEnding> RunAsync(CancellationToken ct)
    {
        _heard = around.Time.GetTimestamp();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var fromGuest = ReceiveAsync(ending.Token);
        var fromUser = SendAsync(ending.Token);
        try
        {
            var first = await Task.WhenAny(fromGuest, fromUser).WaitAsync(ct).ConfigureAwait(false);
            if (first == fromGuest)
            {
                await fromGuest.ConfigureAwait(false);
                return ConsoleEnding.GuestEnded;
            }
            var how = await fromUser.ConfigureAwait(false);
            if (how == ConsoleEnding.InputEnded) await ListenToTheAnswerAsync(fromGuest, ct).ConfigureAwait(false);
            await guest.DisposeAsync().ConfigureAwait(false);
            return how;
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task ReceiveAsync(CancellationToken ct)
    {
        var buffer = new byte[16 * 1024];
        while (await ReadGuestAsync(buffer, ct).ConfigureAwait(false) is > 0 and var count)
        {
            _heard = around.Time.GetTimestamp();
            await around.RawOut.WriteAsync(buffer.AsMemory(0, count), ct).ConfigureAwait(false);
            await around.RawOut.FlushAsync(ct).ConfigureAwait(false);
        }
    }

    /// <summary>A line that breaks ends the session like a line that is closed.</summary>
    private async Task<int> ReadGuestAsync(byte[] buffer, CancellationToken ct)
    {
        try
        {
            return await guest.ReadAsync(buffer, ct).ConfigureAwait(false);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private async Task<ConsoleEnding> SendAsync(CancellationToken ct)
    {
        var buffer = new byte[1024];
        while (true)
        {
            var count = await around.Input.ReadAsync(buffer, ct).ConfigureAwait(false);
            if (count == 0) return ConsoleEnding.InputEnded;
            var typed = EscapeDetector.Before(buffer.AsMemory(0, count), out var leave);
            if (!typed.IsEmpty)
            {
                await guest.WriteAsync(typed, ct).ConfigureAwait(false);
                await guest.FlushAsync(ct).ConfigureAwait(false);
            }
            if (leave) return ConsoleEnding.Left;
        }
    }

    private async Task ListenToTheAnswerAsync(Task fromGuest, CancellationToken ct)
    {
        var since = _heard = around.Time.GetTimestamp();
        while (!fromGuest.IsCompleted
            && around.Time.GetElapsedTime(_heard) < Silence && around.Time.GetElapsedTime(since) < LongestAnswer)
        {
            await Task.WhenAny(fromGuest, Task.Delay(TimeSpan.FromMilliseconds(20), around.Time, ct)).ConfigureAwait(false);
        }
    }
}
