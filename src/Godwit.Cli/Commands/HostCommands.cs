using System.Collections.Immutable;
using System.CommandLine;
using Godwit.Api;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

internal static class HostCommands
{
    public static Command Build(Surroundings around) => new Command("host", "The hosts of the pool")
    {
        List(around),
        Check(around),
    };

    private static DocumentedCommand List(Surroundings around) =>
        new DocumentedCommand("list", "List the hosts, what they do and whether they answer")
        {
            Examples = [("godwit host list", "one line a host")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var hosts = await client.ListHostsAsync(ct).ConfigureAwait(false);
            return call.Show(hosts, CliJson.Api.ImmutableArrayHostInfo, (o, all) => HostTable.Write(o, all));
        });

    private static DocumentedCommand Check(Surroundings around)
    {
        var all = new Option<bool>("--all") { Description = "All hosts of the pool, each by itself" };
        return new DocumentedCommand("check", "Say all that a host lacks for its part in the pool, and what to do about it")
        {
            Options = { all },
            Explanation =
                """
                What is found is ok, unknown, a warning (the host does its part, though less well) or an error (it cannot). The exit
                code is 1 where there is an error, else 0. How long frames may be on the way to the storage is measured: by frames that
                the storage hosts' targets answer. A host that is in no pool yet checks what it can check alone.
                """,
            Examples =
            [
                ("godwit host check", "this host"),
                ("godwit --host resource-2 host check", "another one, through this one"),
                ("godwit host check --all --json | jq '.[].findings[] | select(.level == \"error\")'", "for a script"),
            ],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            ImmutableArray<HostCheckReport> reports = call.Get(all)
                ? await client.CheckHostsAsync(ct).ConfigureAwait(false)
                : [await client.CheckHostAsync(ct).ConfigureAwait(false)];
            call.Show(reports, CliJson.Api.ImmutableArrayHostCheckReport, CheckSheet.Write);
            if (reports.All(report => report.Fit)) return ExitCode.Success;
            var unfit = string.Join(", ", reports.Where(report => !report.Fit).Select(report => report.Host));
            Failures.Print(new ApiError("host-unfit", $"not fit: {unfit}", "see the errors above"), call.Json, around);
            return ExitCode.Failed;
        });
    }
}
