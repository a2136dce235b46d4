namespace Godwit.Faults;

/// <summary>Whom a fault strikes.</summary>
internal enum Victim
{
    SourceDaemon = 1,
    DestinationDaemon,
    SourceEngine,
    DestinationEngine,
    Export,
    SourceAttach,
    DestinationAttach,

    /// <summary>The <c>godwitd</c> that has the registry, and with it the API of the storage.</summary>
    Registry,
    SourceHost,
    DestinationHost,
    StorageHost,
}

/// <summary>A line between two hosts. AoE and IP have networks of their own.</summary>
internal enum Line
{
    SourceDestination = 1,
    SourceStorage,
    DestinationStorage,
    DestinationRegistry,
}

/// <summary>Which frames are dropped: all, or those in one direction along the line's name.</summary>
internal enum Direction
{
    Both = 1,
    There,
    Back,
}

/// <summary>Something that goes wrong, once, at a named step.</summary>
internal abstract record Fault(string Name)
{
    /// <summary>SIGKILL, or the plug of a host pulled; the host is switched on again a little later.</summary>
    public sealed record Kill(Victim Victim) : Fault($"kill {Words.Of(Victim)}");

    /// <summary>SIGSTOP for so long: longer than any timeout.</summary>
    public sealed record Stop(Victim Victim, TimeSpan For) : Fault($"stop {Words.Of(Victim)} {For.TotalSeconds:0} s");

    public sealed record Cut(Line Line, Direction Direction, TimeSpan For)
        : Fault($"cut {Words.Of(Line)}{Suffix(Direction)} {For.TotalSeconds:0} s");

    public static readonly IReadOnlyList<Fault> All =
    [
        .. Enum.GetValues<Victim>().Select(victim => new Kill(victim)),
        .. Enum.GetValues<Victim>().Where(IsProcess).Select(victim => new Stop(victim, TimeSpan.FromSeconds(60))),
        .. from line in Enum.GetValues<Line>()
           from direction in Enum.GetValues<Direction>()
           from seconds in (int[])[2, 20]
           select new Cut(line, direction, TimeSpan.FromSeconds(seconds)),
    ];

    /// <summary>There is something to strike at this step.</summary>
    public bool AppliesTo(Step step) =>
        step.DestinationHasCopy || this is not (Kill { Victim: Victim.DestinationEngine or Victim.DestinationAttach }
            or Stop { Victim: Victim.DestinationEngine or Victim.DestinationAttach });

    private static bool IsProcess(Victim victim) => victim is not (Victim.SourceHost or Victim.DestinationHost or Victim.StorageHost);

    private static string Suffix(Direction direction) => direction switch
    {
        Direction.There => " there",
        Direction.Back => " back",
        _ => "",
    };
}

/// <summary>Members of enums as words: <c>SourceDaemon</c> is <c>source daemon</c>.</summary>
internal static class Words
{
    public static string Of<T>(T value)
        where T : struct, Enum =>
        string.Concat(value.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? $" {char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
}
