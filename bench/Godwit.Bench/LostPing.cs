using System.Globalization;

namespace Godwit.Bench;

/// <summary>A ping without a reply: when it was sent, and where it was seen last.</summary>
/// <param name="AfterStopMs">Sent so long after the engine's STOP; below 0 is before it.</param>
/// <param name="AfterResumeMs">The same, of RESUME.</param>
internal sealed record LostPing(uint Number, double AfterStopMs, double AfterResumeMs, string Where)
{
    public static LostPing Of(uint number, double sentAt, TimedMove move, PingTrail trail) =>
        new(number, sentAt - move.StoppedAt, sentAt - move.ResumedAt, trail.Follow((ushort)number));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"ping {Number}, sent {Signed(AfterStopMs)} ms from STOP, {Signed(AfterResumeMs)} ms from RESUME: {Where}");

    // Rounded first: what rounds to 0 has no sign.
    private static string Signed(double ms) => Math.Round(ms, 1).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture);
}

/// <summary>Follows a ping through the places where its frames were seen.</summary>
/// <code>
///   pinger's cable ──► cable of a host ──► tap of the guest there ──► guest
///                ◄──                  ◄──                        ◄──
/// </code>
internal sealed class PingTrail
{
    private const string Cable = "eth0";
    private readonly string _pinger;
    private readonly (string Host, string Name)[] _sides;
    private readonly HashSet<Sighting> _seen;

    /// <summary>Links by which the guest has answered: an unknown address is flooded into the taps of others too.</summary>
    private readonly HashSet<(string Host, string Link)> _taps;

    /// <param name="seen">All that was seen, from before the move until after it.</param>
    public PingTrail(string pinger, string source, string destination, IEnumerable<Sighting> seen)
    {
        _pinger = pinger;
        _sides = [(source, "source"), (destination, "destination")];
        _seen = [.. seen];
        // Frames between the guest and others pass a host's cable; only its own come out of a tap.
        _taps = [.. _seen.Where(s => s.Reply && s.Host != pinger && s.Link != Cable).Select(s => (s.Host, s.Link))];
    }

    /// <summary>Where the request came to, and its reply, in words.</summary>
    public string Follow(ushort sequence)
    {
        if (Cabled(_pinger, reply: true, sequence)) return "the reply reached the pinger's cable, too late or not taken";
        if (Sides(reply: true, sequence, tap: true) is { Length: > 0 } answered)
        {
            var passed = Sides(reply: true, sequence, tap: false);
            return $"the reply left the {And(answered)}'s tap, "
                + (passed.Length > 0 ? $"passed the {And(passed)}'s cable, " : "passed no cable, ")
                + "was not seen at the pinger";
        }
        if (!Cabled(_pinger, reply: false, sequence)) return "the request did not leave the pinger";
        var reached = Sides(reply: false, sequence, tap: true);
        if (reached.Length == _sides.Length) return "the request reached both taps, and no reply left either";
        if (reached.Length == 1)
        {
            var missed = _sides.Single(side => side.Name != reached[0]).Name;
            return $"the request left the pinger, reached the {reached[0]}'s tap, never the {missed}'s; no reply left";
        }
        var cables = Sides(reply: false, sequence, tap: false);
        return "the request left the pinger, "
            + (cables.Length > 0 ? $"passed the {And(cables)}'s cable, reached no tap" : "reached no host's cable");
    }

    private string[] Sides(bool reply, ushort sequence, bool tap) =>
    [
        .. _sides.Where(side => tap
                ? _taps.Any(t => t.Host == side.Host && _seen.Contains(new Sighting(t.Host, t.Link, reply, sequence)))
                : Cabled(side.Host, reply, sequence))
            .Select(side => side.Name),
    ];

    private bool Cabled(string host, bool reply, ushort sequence) => _seen.Contains(new Sighting(host, Cable, reply, sequence));

    private static string And(string[] names) => string.Join(" and the ", names);
}
