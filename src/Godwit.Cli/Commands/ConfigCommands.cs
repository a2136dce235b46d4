using System.CommandLine;
using Godwit.Cli.Configurations;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

internal static class ConfigCommands
{
    public static Command Build(Surroundings around) => new Command("config", "Configuration files of domains")
    {
        Check(around),
    };

    private static DocumentedCommand Check(Surroundings around)
    {
        var path = new Argument<string>("FILE") { Description = "Configuration in the form of xl.cfg(5)" };
        return new DocumentedCommand("check", "Show what is understood of a configuration, and what is not; asks no daemon")
        {
            Arguments = { path },
            Examples =
            [
                ("godwit config check vm1", "each key and what it means, the guest's names of its disks"),
                ("godwit config check vm1 --json | jq .findings", "errors and warnings for an editor"),
            ],
        }.Runs(around, async (call, ct) =>
        {
            var file = await DomainFile.ReadAsync(call.Get(path), ct).ConfigureAwait(false);
            var report = ConfigReport.Of(file);
            if (!call.Json) file.PrintDiagnostics(around);
            call.Show(report, CliJson.Default.ConfigReport, ConfigSheet.Write);
            return report.Ok ? ExitCode.Success : ExitCode.Failed;
        });
    }
}
