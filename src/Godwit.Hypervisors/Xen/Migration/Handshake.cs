namespace Godwit.Hypervisors.Xen.Migration;

/// <summary>
/// What the two ends of <c>xl migrate</c> say to each other around the stream (tools/xl/xl_migrate.c):
/// <code>
///   source xl migrate                                     xl migrate-receive
///                         ◄──── 1 Banner ────────────────
///      stream ─────────────────────────────────────────►
///                         ◄──── 3 Ready ─────────────────   loaded, both paused
///      4 Permission ───────────────────────────────────►    lets it run
///                         ◄──── 5 Report, one byte ──────   0: it runs
/// </code>
/// Between 3 and 4 commit and fence have their place. The source's xl is never told 3: it would give the permission itself.
/// </summary>
internal static class Handshake
{
    public static ReadOnlySpan<byte> Banner => "xl migration receiver ready, send binary domain data.\n"u8;

    public static ReadOnlySpan<byte> Ready => "domain received, ready to unpause\0"u8;

    public static ReadOnlySpan<byte> Permission => "domain is yours, you are cleared to unpause\0"u8;

    public static ReadOnlySpan<byte> Report => "my copy unpause results are as follows\0"u8;
}

/// <summary>Follows what the receiver says: the banner, then that it is ready, cut anywhere.</summary>
internal sealed class ReceiverWords
{
    private int _heard;

    /// <summary>The banner was heard to its end.</summary>
    public bool Greeted => _heard >= Handshake.Banner.Length;

    /// <summary>All is loaded.</summary>
    public bool Ready => _heard == Handshake.Banner.Length + Handshake.Ready.Length;

    /// <summary>Takes what the receiver said next.</summary>
    /// <returns>How much of it, from its beginning, belongs to the banner.</returns>
    /// <exception cref="IOException">It said something else.</exception>
    public int Take(ReadOnlySpan<byte> words)
    {
        var banner = 0;
        foreach (var said in words)
        {
            var at = _heard - Handshake.Banner.Length;
            var expected = at < 0 ? Handshake.Banner[_heard] : at < Handshake.Ready.Length ? Handshake.Ready[at] : throw Unexpected();
            if (said != expected) throw Unexpected();
            if (at < 0) banner++;
            _heard++;
        }
        return banner;
    }

    private static IOException Unexpected() => new("xl migrate-receive said what it does not say");
}
