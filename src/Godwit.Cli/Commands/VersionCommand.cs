using System.CommandLine;
using System.Reflection;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

internal static class VersionCommand
{
    /// <summary>Without the commit that the SDK appends after a plus sign.</summary>
    public static string Version { get; } =
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion.Split('+')[0] ?? "unknown";

    public static Command Build(Surroundings around) =>
        new DocumentedCommand("version", "Print the version of this program")
        {
            Examples = [("godwit version", "that of the daemons is in godwit host list")],
        }.Runs(around, (call, _) =>
            Task.FromResult(call.Show(new VersionInfo(Version), CliJson.Default.VersionInfo, (o, v) => o.WriteLine("godwit " + v.Version))));
}
