namespace Godwit.Cli.Commands;

/// <summary>What the manual says beyond the commands.</summary>
internal static class GodwitManual
{
    public static ProgramManual Instance { get; } = new("godwit", 1, VersionCommand.Version)
    {
        ExitCodes =
        [
            (0, "done"),
            (1, "the request failed or was refused"),
            (2, "the command line could not be understood"),
            (3, "no godwitd answered"),
            (4, "interrupted, or a time limit passed"),
            (5, "a list was printed that may lack something: the registry is away"),
        ],
        Environment =
        [
            ("GODWIT_SOCKET", "Socket of godwitd, where --socket does not name one"),
            ("NO_COLOR", "Where it is set, no colours and no moving progress are shown"),
        ],
        Files = [("/run/godwit/godwitd.sock", "Where godwitd listens. Root and the group godwit may use it")],
        SeeAlso = ["godwitd(8)", "godwitd.toml(5)", "godwit-aoe(8)", "xl.cfg(5)"],
    };
}
