using Godwit.Aoe.Wire;

namespace Godwit.Aoe.Tests.Initiator;

/// <summary>Frames of a kind that do not arrive, the first of which may be let go later.</summary>
internal sealed class HeldFrames
{
    private readonly TaskCompletionSource<(MemoryLink To, byte[] Frame)> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public HeldFrames(Func<byte[], bool> are, params ReadOnlySpan<(MemoryLink From, MemoryLink To)> ways)
    {
        foreach (var (from, to) in ways)
        {
            from.Loses = frame =>
            {
                if (!are(frame)) return false;
                _first.TrySetResult((to, frame));
                return true;
            };
        }
    }

    public Task AnyAsync() => _first.Task.WaitAsync(TimeSpan.FromSeconds(20));

    public void Deliver() => _first.Task.Result.To.Deliver(_first.Task.Result.Frame);

    /// <summary>Or the answer to one.</summary>
    public static bool IsWrite(byte[] frame) =>
        AoeHeader.TryRead(frame, out var header) == MalformedFrame.No && header.Command == AoeCommand.Ata
        && AtaSection.TryRead(frame, out var ata) == MalformedFrame.No && ata.Flags.HasFlag(AtaFlags.Write);
}
