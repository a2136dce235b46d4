using System.Reflection;

namespace Godwit.AoeTool.Commands;

/// <summary>What the manual says beyond the commands.</summary>
internal static class AoeManual
{
    public static ProgramManual Instance { get; } = new("godwit-aoe", 8, Version)
    {
        ExitCodes =
        [
            (0, "done"),
            (1, "it failed, or nothing was found"),
            (2, "the command line could not be understood"),
        ],
        SeeAlso = ["godwit(1)", "godwitd(8)", "vblade(8)", "aoe-stat(8)"],
    };

    /// <summary>Without the commit that the SDK appends after a plus sign.</summary>
    private static string Version =>
        typeof(AoeManual).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
