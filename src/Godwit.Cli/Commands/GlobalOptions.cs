using System.CommandLine;

namespace Godwit.Cli.Commands;

/// <summary>Options that every command knows.</summary>
internal static class GlobalOptions
{
    public static readonly Option<string?> Host = new("--host")
    {
        Description = "Speak to another host of the pool, through this one",
        HelpName = "NAME",
        Recursive = true,
    };

    public static readonly Option<string?> Socket = new("--socket")
    {
        Description = "Socket of godwitd; else GODWIT_SOCKET, else /run/godwit/godwitd.sock, else a running lab's",
        HelpName = "PATH",
        Recursive = true,
    };

    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print JSON on standard output, and errors as JSON on standard error",
        Recursive = true,
    };
}
