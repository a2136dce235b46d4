using System.CommandLine;
using Godwit.Api;
using Godwit.Cli.Configurations;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

/// <summary>Makes a domain of a configuration file. What is wrong is shown in the file, whoever found it.</summary>
internal static class CreateCommand
{
    public static Command Build(Surroundings around)
    {
        var path = new Argument<string>("FILE") { Description = "Configuration in the form of xl.cfg(5); a bare name is looked for in /etc/xen, too" };
        var console = new Option<bool>("--console", "-c") { Description = "Attach to the console from the first line on; Ctrl-] leaves it" };
        var paused = new Option<bool>("--paused", "-p") { Description = "Leave it paused before its first instruction" };
        var unfenced = new Option<bool>("--unfenced") { Description = "Accept disks that no other host can be kept from writing to" };
        return new DocumentedCommand("create", "Make a domain of a configuration file and start it")
        {
            Arguments = { path },
            Options = { console, paused, unfenced },
            Examples =
            [
                ("godwit create vm1 -c", "and watch it boot"),
                ("godwit --host resource-1 create vm1", "on another host of the pool"),
            ],
        }.Runs(around, async (call, ct) =>
        {
            var file = await DomainFile.ReadAsync(call.Get(path), ct).ConfigureAwait(false);
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
