using System.CommandLine;

namespace Godwit.Manual;

/// <summary>
/// A command that help does not show: prints the program's manual page, or its completions for a shell. The package is
/// made with it.
/// </summary>
public static class ManualCommand
{
    private const string Page = "page";

    public static void AddTo(RootCommand root, ProgramManual manual)
    {
        var kind = new Argument<string>("KIND");
        kind.AcceptOnlyFromAmong([Page, .. Completions.Shells]);
        var command = new Command("manual", "Print the manual page, or completions for a shell") { kind };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            var word = parsed.GetRequiredValue(kind);
            parsed.InvocationConfiguration.Output.Write(word == Page ? manual.Write(root) : Completions.For(word, manual.Program));
        });
        root.Add(command);
    }
}
