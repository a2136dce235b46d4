using System.CommandLine;
using Godwit.Api;
using Godwit.Cli.Configurations;
using Godwit.Cli.Guests;
using Godwit.Cli.Jobs;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;
using Godwit.Domains;
using Godwit.Domains.Config;

namespace Godwit.Cli.Commands;

/// <summary>
/// Makes a domain of a configuration file, or of an image. What is wrong with a file is shown in it, whoever found it.
/// </summary>
internal static class CreateCommand
{
    public static Command Build(Surroundings around)
    {
        var path = new Argument<string?>("FILE")
        {
            Description = "Configuration in the form of xl.cfg(5); a bare name is looked for in /etc/xen, too",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var guest = new GuestOptions();
        var console = new Option<bool>("--console", "-c") { Description = "Attach to the console from the first line on; Ctrl-] leaves it" };
        var paused = new Option<bool>("--paused", "-p") { Description = "Leave it paused before its first instruction" };
        var unfenced = new Option<bool>("--unfenced") { Description = "Accept disks that no other host can be kept from writing to" };
        var command = new DocumentedCommand("create", "Make a domain of a configuration file, or of an image, and start it")
        {
            Arguments = { path },
            Options = { console, paused, unfenced },
            Explanation =
                "With --image no file is needed: the disk is made of the image, as a volume of the domain's name, with a machine id, "
                + "SSH host keys and credentials of its own, and the file that says the same is printed at the end. When something "
                + "fails on the way, nothing is left.",
            Examples =
            [
                ("godwit create vm1 -c", "and watch it boot"),
                ("godwit --host resource-1 create vm1", "on another host of the pool"),
                ("godwit create --image debian --name web1 --memory 512 --disk 5G --ip 10.9.0.21/24 --ssh-key ~/.ssh/id_ed25519.pub", "without any file"),
            ],
        };
        foreach (var option in guest.All) command.Options.Add(option);
        command.Validators.Add(words => guest.Judge(words, path));
        return command.Runs(around, async (call, ct) =>
        {
            if (call.Get(guest.Image) is { } image)
                return await OfImageAsync(call, image, guest, call.Get(paused), call.Get(console), ct).ConfigureAwait(false);
            var file = await DomainFile.ReadAsync(call.Find(path)!, ct).ConfigureAwait(false);
            if (file.HasErrors) return Refuse(call, file);
            if (!call.Json) file.PrintDiagnostics(around);
            using var client = call.Connect();
            DomainInfo domain;
            try
            {
                var request = new CreateDomainRequest
                {
                    Spec = file.Understood.Spec!,
                    Paused = call.Get(paused),
                    Unfenced = call.Get(unfenced),
                };
                domain = await client.CreateDomainAsync(request, ct).ConfigureAwait(false);
            }
            catch (ApiException e) when (!call.Json && file.TryPrintAt(e.Error.Place, e.Error.Message, e.Error.Remedy, around))
            {
                return Failures.CodeOf(e.Error);
            }
            if (!call.Json) foreach (var disk in domain.UnfencedDisks) around.Error.WriteLine($"godwit: unfenced: {DomainSheet.Unfenced(disk)}");
            if (!call.Get(console))
                return call.Show(domain, CliJson.Api.DomainInfo, (o, d) => o.WriteLine($"{d.Name} is {DomainTable.State(d.State)} on {d.Host}"));
            if (call.Json) CliJson.Write(call.Out, domain, CliJson.Api.DomainInfo);
            return await ConsoleCommand.AttachAsync(client, domain.Name, around, ct).ConfigureAwait(false);
        });
    }

    private static async Task<ExitCode> OfImageAsync(
        Invocation call, string image, GuestOptions guest, bool paused, bool console, CancellationToken ct)
    {
        var request = await guest.ReadAsync(call, paused, ct).ConfigureAwait(false);
        using var client = call.Connect();
        var job = await client.CreateGuestAsync(image, request, ct).ConfigureAwait(false);
        var made = await JobFollower.FollowAsync(call, job).ConfigureAwait(false);
        using var host = call.ConnectTo(job.Host);
        var domain = await host.GetDomainAsync(job.Subject, call.Around.Interrupts.Second).ConfigureAwait(false);
        call.Show(domain, CliJson.Api.DomainInfo, (o, d) =>
        {
            o.WriteLine($"{d.Name} is {DomainTable.State(d.State)} on {d.Host}");
            foreach (var note in made.Notes) o.WriteLine(note);
            o.WriteLine();
            o.Write(SpecWriter.Write(d.Spec!));
        });
        return console ? await ConsoleCommand.AttachAsync(host, domain.Name, call.Around, ct).ConfigureAwait(false) : ExitCode.Success;
    }

    private static ExitCode Refuse(Invocation call, DomainFile file)
    {
        if (!call.Json)
        {
            file.PrintDiagnostics(call.Around);
            return ExitCode.Failed;
        }
        Failures.Print(new ApiError("bad-config", $"{file.Path} has errors", $"godwit config check {file.Path} --json"), json: true, call.Around);
        return ExitCode.Failed;
    }
}
