using System.CommandLine;
using Godwit.Api;
using Godwit.Cli.Consoles;
using Godwit.Cli.Running;
using Godwit.Native.Terminals;

namespace Godwit.Cli.Commands;

internal static class ConsoleCommand
{
    public static Command Build(Surroundings around)
    {
        var name = Arguments.Domain();
        return new DocumentedCommand("console", "Attach to the console of a domain; Ctrl-] leaves it")
        {
            Arguments = { name },
            Examples =
            [
                ("godwit console vm1", "what was printed before is shown first"),
                ("godwit console vm1 < script", "ends when the guest has answered"),
            ],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            return await AttachAsync(client, call.Get(name), around, ct).ConfigureAwait(false);
        });
    }

    /// <summary>Attaches until the user or the guest leaves. The terminal is as it was afterwards, whatever happens.</summary>
    public static async Task<ExitCode> AttachAsync(
        GodwitClient client, string name, Surroundings around, CancellationToken ct)
    {
        var guest = await client.OpenConsoleAsync(name, ct).ConfigureAwait(false);
        await using var _ = guest.ConfigureAwait(false);
        if (around.InputIsTerminal && around.ErrorIsTerminal)
            around.Error.WriteLine($"console of {name}; Ctrl-] leaves it");
        ConsoleEnding ending;
        using (var raw = around.InputIsTerminal ? RawTerminal.Enter(descriptor: 0) : null)
        {
            void Restore(object? sender, EventArgs e) => raw?.Dispose();
            AppDomain.CurrentDomain.ProcessExit += Restore;
            try
            {
                ending = await new ConsoleSession(guest, around).RunAsync(ct).ConfigureAwait(false);
            }
            finally
            {
                AppDomain.CurrentDomain.ProcessExit -= Restore;
            }
        }
        // The guest left the cursor where it was; the shell's prompt begins a line of its own.
        if (around.InputIsTerminal && around.ErrorIsTerminal)
            around.Error.WriteLine(ending == ConsoleEnding.GuestEnded ? $"\nthe console of {name} was closed" : "");
        return ExitCode.Success;
    }
}
