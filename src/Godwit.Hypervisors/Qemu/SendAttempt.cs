namespace Godwit.Hypervisors.Qemu;

/// <summary>One attempt to send a copy, from <c>migrate</c> to its end.</summary>
/// <param name="ranBefore">Whether the guest ran when it began, and so is to run again should it fail.</param>
internal sealed class SendAttempt(bool ranBefore)
{
    private int _memorySent;

    public bool RanBefore { get; } = ranBefore;

    /// <summary>QEMU was told to go on to its last round.</summary>
    public bool Permitted { get; set; }

    /// <summary>True for the first caller: the end of memory is told once.</summary>
    public bool TakeMemorySent() => Interlocked.Exchange(ref _memorySent, 1) == 0;
}
