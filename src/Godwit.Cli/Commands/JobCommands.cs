using System.CommandLine;
using Godwit.Api;
using Godwit.Cli.Jobs;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

/// <summary>Long work of a host, for whoever comes back to it.</summary>
internal static class JobCommands
{
    public static Command Build(Surroundings around) => new Command("job", "Long work that a host does: images, disks of domains, volumes")
    {
        List(around),
        Watch(around),
        Cancel(around),
    };

    private static DocumentedCommand List(Surroundings around) =>
        new DocumentedCommand("list", "List the jobs of a host, under way and lately ended")
        {
            Examples = [("godwit --host storage job list", "of the host storage")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            return call.Show(await client.ListJobsAsync(ct).ConfigureAwait(false), CliJson.Api.ImmutableArrayJobInfo, (o, all) =>
            {
                var table = new Table(new Column("Id", MinWidth: 36), "What", "Of", "State");
                foreach (var job in all)
                    table.Add(job.Id.ToString(), job.Kind, job.Subject, State(job));
                table.Write(o);
            });
        });

    private static DocumentedCommand Watch(Surroundings around)
    {
        var id = Id();
        return new DocumentedCommand("watch", "Follow a job to its end; Ctrl-C cancels it")
        {
            Arguments = { id },
            Examples = [("godwit --host storage job watch 4f1c2d3e-55a1-4c6e-9d0b-1f2e3d4c5b6a", "after the connection broke, say")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var job = await client.GetJobAsync(call.Get(id), ct).ConfigureAwait(false);
            await JobFollower.FollowAsync(call, job).ConfigureAwait(false);
            return call.Show(await client.GetJobAsync(job.Id, around.Interrupts.Second).ConfigureAwait(false), CliJson.Api.JobInfo,
                (o, ended) => o.WriteLine($"{ended.Kind} {ended.Subject}: {State(ended)}"));
        });
    }

    private static DocumentedCommand Cancel(Surroundings around)
    {
        var id = Id();
        return new DocumentedCommand("cancel", "Ask a job to end and to undo what it has done")
        {
            Arguments = { id },
            Examples = [("godwit --host storage job cancel 4f1c2d3e-55a1-4c6e-9d0b-1f2e3d4c5b6a", "godwit job list tells when that is done")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            await client.CancelJobAsync(call.Get(id), ct).ConfigureAwait(false);
            return ExitCode.Success;
        });
    }

    private static string State(JobInfo job) => job.Now.Result switch
    {
        null => JobView.Text(job.Now),
        { Error: { } error } => $"failed: {error.Message}",
        _ => "done",
    };

    private static Argument<Guid> Id() => new("ID") { Description = "Id of the job, as godwit job list shows it" };
}
