using System.CommandLine;
using Godwit.Api;
using Godwit.Cli.Jobs;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

/// <summary>A domain's memory goes to a file of its host, and comes back from it: the host does it as a job.</summary>
internal static class SaveCommands
{
    public static Command Save(Surroundings around)
    {
        var name = Arguments.Domain();
        return new DocumentedCommand("save", "Put a domain aside with its memory; nothing of it runs then")
        {
            Arguments = { name },
            Explanation = "Its host keeps the memory in a file of its own, in /var/lib/godwit/saved, also when it is rebooted. Volumes and name stay the "
                + "domain's. The first Ctrl-C cancels, and the guest goes on; so it does when the memory has no room, or anything else fails.",
            Examples =
            [
                ("godwit save vm1", "returns when it is saved; godwit list says so, and godwit restore vm1 lets it go on"),
            ],
        }.Runs(around, (call, _) => FollowAsync(call, name, (client, domain, ct) => client.SaveDomainAsync(domain, ct), Saved));
    }

    public static Command Restore(Surroundings around)
    {
        var name = Arguments.Domain();
        var paused = new Option<bool>("--paused", "-p") { Description = "Leave it paused where it was saved" };
        return new DocumentedCommand("restore", "Let a saved domain go on where it was")
        {
            Arguments = { name },
            Options = { paused },
            Explanation = "On the host where it was saved. It is refused where a disk has been another's since, for old memory would destroy what is "
                + "there. What fails leaves the domain saved as it was, and so does Ctrl-C.",
            Examples =
            [
                ("godwit restore vm1", "one that was paused comes back paused"),
                ("godwit restore vm1 --paused && godwit unpause vm1", "to look at it first"),
            ],
        }.Runs(around, (call, _) => FollowAsync(
            call, name, (client, domain, ct) => client.RestoreDomainAsync(domain, new RestoreDomainRequest { Paused = call.Get(paused) }, ct), Restored));
    }

    private static string Saved(DomainInfo domain) => domain.Saved is { } saved
        ? $"{domain.Name} is saved on {domain.Host}, {Units.Bytes(saved.SizeBytes)}; godwit restore {domain.Name} lets it go on"
        : Restored(domain);

    private static string Restored(DomainInfo domain) => $"{domain.Name} is {DomainTable.State(domain.State)} on {domain.Host}";

    private static async Task<ExitCode> FollowAsync(
        Invocation call, Argument<string> name, Func<GodwitClient, string, CancellationToken, Task<JobInfo>> begin, Func<DomainInfo, string> text)
    {
        using var client = call.Connect();
        var job = await begin(client, call.Get(name), call.Around.Interrupts.First).ConfigureAwait(false);
        await JobFollower.FollowAsync(call, job).ConfigureAwait(false);
        var domain = await client.GetDomainAsync(job.Subject, call.Around.Interrupts.Second).ConfigureAwait(false);
        return call.Show(domain, CliJson.Api.DomainInfo, (o, d) => o.WriteLine(text(d)));
    }
}
