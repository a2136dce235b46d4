using System.CommandLine;
using System.Globalization;
using Godwit.Api;
using Godwit.Cli.Commands;
using Godwit.Cli.Configurations;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;
using Godwit.Domains;

namespace Godwit.Cli.Xm;

/// <summary>
/// The words of Xen's <c>xm</c>, and so of <c>xl</c>, as far as Godwit has what they ask for: each is handed on as the
/// command of <c>godwit</c> that does it. Lists are of the one host that is asked, with Domain-0, as <c>xm</c> had them.
/// </summary>
internal static class XmCommandLine
{
    /// <summary>Whether the program was called by one of the names of Xen's tools: by a link to it, say.</summary>
    public static bool Answers(string program) => program is "xm" or "xl";

    public static RootCommand Build(Surroundings around)
    {
        var root = new RootCommand("Xen's commands, answered by Godwit; godwit --help lists all that there is.")
        {
            GlobalOptions.Host,
            GlobalOptions.Socket,
            GlobalOptions.Json,
            List(around),
            Create(around),
            Migrate(around),
            Shutdown(around),
            OfDomain(around, "console", "Attach to the console of a domain; Ctrl-] leaves it"),
            OfDomain(around, "destroy", "End a domain at once"),
            OfDomain(around, "reboot", "Ask the guest to reboot"),
            OfDomain(around, "pause", "Stop the processors of a domain"),
            OfDomain(around, "unpause", "Let a paused domain go on"),
            MemSet(around),
            VcpuSet(around),
            Save(around),
            Restore(around),
            Info(around),
            DomId(around),
            DomName(around),
        };
        HelpWithExamples.AddTo(root, GodwitManual.Instance);
        return root;
    }

    private static Argument<string> Domain() => new("DOMAIN") { Description = "Name or ID of the domain" };

    private static DocumentedCommand List(Surroundings around)
    {
        var names = new Argument<string[]>("DOMAIN") { Description = "Only these, by name or ID", Arity = ArgumentArity.ZeroOrMore };
        return new DocumentedCommand("list", "List the domains of this host") { Arguments = { names } }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            if (call.Json) return await call.HandOnAsync(around, "list").ConfigureAwait(false);
            var rows = XmDomains.Rows(
                await client.GetHostFactsAsync(ct).ConfigureAwait(false), await client.ListDomainsAsync(hostOnly: true, ct).ConfigureAwait(false));
            var asked = call.Find(names) ?? [];
            if (asked.FirstOrDefault(name => !rows.Any(row => row.Answers(name))) is { } unknown) throw XmDomains.NoSuch(unknown);
            XmListing.Write(call.Out, rows.Where(row => asked.Length == 0 || asked.Any(row.Answers)));
            return ExitCode.Success;
        });
    }

    private static DocumentedCommand Create(Surroundings around)
    {
        var path = new Argument<string?>("CONFIG") { Description = "Configuration file; a bare name is looked for in /etc/xen, too", Arity = ArgumentArity.ZeroOrOne };
        var variables = new Argument<string[]>("NAME=VALUE") { Arity = ArgumentArity.ZeroOrMore, Hidden = true };
        var file = new Option<string?>("--defconfig", "-f") { Description = "The same", HelpName = "FILE" };
        var console = new Option<bool>("--console_autoconnect", "-c") { Description = "Attach to the console; Ctrl-] leaves it" };
        var paused = new Option<bool>("--paused", "-p") { Description = "Leave it paused" };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Print nothing" };
        return new DocumentedCommand("create", "Make a domain of a configuration file and start it")
        {
            Arguments = { path, variables },
            Options = { file, console, paused, quiet },
        }.Runs(around, async (call, ct) =>
        {
            var name = call.Get(file) ?? call.Find(path) ?? throw new GodwitException("usage", "xm create needs a configuration file", "xm create vm1 -c");
            if (call.Find(variables) is [var variable, ..])
                throw new GodwitException("usage", $"godwit takes no variables on the command line, such as {variable}", $"write it into {name}");
            var config = await DomainFile.ReadAsync(name, ct).ConfigureAwait(false);
            var tell = !call.Get(quiet) && !call.Json;
            if (tell) call.Out.WriteLine($"Using config file \"{config.Path}\".");
            string[] words = ["create", config.Path, .. call.Get(paused) ? ["--paused"] : Array.Empty<string>(), .. call.Get(console) ? ["--console"] : Array.Empty<string>()];
            if (call.Get(console) || call.Json) return await call.HandOnAsync(around, words).ConfigureAwait(false);
            var code = await call.HandOnAsync(around with { Out = TextWriter.Null }, words).ConfigureAwait(false);
            if (code == ExitCode.Success && tell) call.Out.WriteLine($"Started domain {config.Understood.Spec!.Name}");
            return code;
        });
    }

    private static DocumentedCommand Migrate(Surroundings around)
    {
        var domain = Domain();
        var host = new Argument<string>("HOST") { Description = "Host to move it to: its name in the pool, or its address" };
        var live = new Option<bool>("--live", "-l") { Description = "While it runs; every move of Godwit's is" };
        return new DocumentedCommand("migrate", "Move a domain to another host") { Arguments = { domain, host }, Options = { live } }
            .Runs(around, async (call, ct) =>
            {
                using var client = call.Connect();
                var name = await XmDomains.NameOfAsync(client, call.Get(domain), ct).ConfigureAwait(false);
                var to = await XmDomains.HostOfAsync(client, call.Get(host), ct).ConfigureAwait(false);
                return await call.HandOnAsync(around, "migrate", "--live", name, to).ConfigureAwait(false);
            });
    }

    private static DocumentedCommand Shutdown(Surroundings around)
    {
        var domain = new Argument<string?>("DOMAIN") { Description = "Name or ID of the domain", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all", "-a") { Description = "All domains of this host" };
        var wait = new Option<bool>("--wait", "-w") { Description = "Return only when they have ended" };
        var reboot = new Option<bool>("--reboot", "-R") { Description = "Have it start again" };
        var halt = new Option<bool>("--halt", "-H") { Description = "As without it" };
        var power = new Option<bool>("--poweroff", "-P") { Description = "As without it" };
        return new DocumentedCommand("shutdown", "Ask the guest to shut itself down") { Arguments = { domain }, Options = { all, wait, reboot, halt, power } }
            .Runs(around, async (call, ct) =>
            {
                using var client = call.Connect();
                string[] names = call.Get(all) ? [.. (await client.ListDomainsAsync(hostOnly: true, ct).ConfigureAwait(false)).Select(d => d.Name)]
                    : call.Find(domain) is { } one ? [await XmDomains.NameOfAsync(client, one, ct).ConfigureAwait(false)]
                    : throw new GodwitException("usage", "xm shutdown needs a domain", "or --all");
                var worst = ExitCode.Success;
                foreach (var name in names)
                {
                    string[] words = call.Get(reboot) ? ["reboot", name] : call.Get(wait) ? ["shutdown", "--wait", name] : ["shutdown", name];
                    var code = await call.HandOnAsync(around, words).ConfigureAwait(false);
                    if (code != ExitCode.Success) worst = code;
                }
                return worst;
            });
    }

    private static DocumentedCommand OfDomain(Surroundings around, string word, string description)
    {
        var domain = Domain();
        return new DocumentedCommand(word, description) { Arguments = { domain } }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            return await call.HandOnAsync(around, word, await XmDomains.NameOfAsync(client, call.Get(domain), ct).ConfigureAwait(false)).ConfigureAwait(false);
        });
    }

    private static DocumentedCommand MemSet(Surroundings around)
    {
        var (domain, size) = (Domain(), Arguments.Memory());
        return new DocumentedCommand("mem-set", "Give a domain other memory, in MiB; up to its maxmem") { Arguments = { domain, size } }
            .Runs(around, (call, ct) => SetAsync(call, around, "mem-set", domain, call.Get(size), ct));
    }

    private static DocumentedCommand VcpuSet(Surroundings around)
    {
        var (domain, count) = (Domain(), Arguments.Count());
        var ignore = new Option<bool>("--ignore-host", "-i") { Description = "As without it: also more than the host has" };
        return new DocumentedCommand("vcpu-set", "Give a domain other virtual processors; up to its maxvcpus") { Arguments = { domain, count }, Options = { ignore } }
            .Runs(around, (call, ct) => SetAsync(call, around, "vcpu-set", domain, call.Get(count), ct));
    }

    private static async Task<ExitCode> SetAsync(
        Invocation call, Surroundings around, string word, Argument<string> domain, int amount, CancellationToken ct)
    {
        using var client = call.Connect();
        var name = await XmDomains.NameOfAsync(client, call.Get(domain), ct).ConfigureAwait(false);
        return await call.HandOnAsync(around, word, name, amount.ToString(CultureInfo.InvariantCulture)).ConfigureAwait(false);
    }

    private static DocumentedCommand Save(Surroundings around)
    {
        var domain = Domain();
        var file = new Argument<string?>("FILE") { Arity = ArgumentArity.ZeroOrOne, Hidden = true };
        return new DocumentedCommand("save", "Put a domain aside with its memory") { Arguments = { domain, file } }.Runs(around, async (call, ct) =>
        {
            if (call.Find(file) is { } path)
            {
                throw new GodwitException(
                    "usage", $"godwit keeps the memory of a saved domain itself, and writes no {path}", $"godwit save {call.Get(domain)}");
            }
            using var client = call.Connect();
            return await call.HandOnAsync(around, "save", await XmDomains.NameOfAsync(client, call.Get(domain), ct).ConfigureAwait(false)).ConfigureAwait(false);
        });
    }

    // Of Xen it is a file; of Godwit a domain that is saved, which has no number.
    private static DocumentedCommand Restore(Surroundings around)
    {
        var domain = new Argument<string>("DOMAIN") { Description = "Name of a domain that was saved" };
        var paused = new Option<bool>("--paused", "-p") { Description = "Leave it paused" };
        return new DocumentedCommand("restore", "Let a saved domain go on") { Arguments = { domain }, Options = { paused } }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var name = call.Get(domain);
            if ((await client.ListDomainsAsync(ct).ConfigureAwait(false)).All(d => d.Name != name))
            {
                throw new GodwitException(
                    "usage", $"there is no saved domain {name}, and godwit restores no files", "godwit save vm1 keeps its memory, and godwit restore vm1 lets it go on");
            }
            return await call.HandOnAsync(around, call.Get(paused) ? ["restore", name, "--paused"] : ["restore", name]).ConfigureAwait(false);
        });
    }

    private static DocumentedCommand Info(Surroundings around) =>
        new DocumentedCommand("info", "Show what this host is").Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var facts = await client.GetHostFactsAsync(ct).ConfigureAwait(false);
            if (call.Json) CliJson.Write(call.Out, facts, CliJson.Api.HostFacts);
            else XmListing.WriteInfo(call.Out, facts, await client.GetHostAsync(ct).ConfigureAwait(false));
            return ExitCode.Success;
        });

    private static DocumentedCommand DomId(Surroundings around)
    {
        var name = new Argument<string>("NAME") { Description = "Name of the domain" };
        return new DocumentedCommand("domid", "Print the ID of a domain") { Arguments = { name } }
            .Runs(around, (call, ct) => PrintAsync(call, call.Get(name), row => row.Id, ct));
    }

    private static DocumentedCommand DomName(Surroundings around)
    {
        var id = new Argument<string>("ID") { Description = "ID of the domain" };
        return new DocumentedCommand("domname", "Print the name of a domain") { Arguments = { id } }
            .Runs(around, (call, ct) => PrintAsync(call, call.Get(id), row => row.Name, ct));
    }

    private static async Task<ExitCode> PrintAsync(Invocation call, string asked, Func<XmDomain, string> what, CancellationToken ct)
    {
        using var client = call.Connect();
        var rows = XmDomains.Rows(
            await client.GetHostFactsAsync(ct).ConfigureAwait(false), await client.ListDomainsAsync(hostOnly: true, ct).ConfigureAwait(false));
        call.Out.WriteLine(what(rows.FirstOrDefault(row => row.Answers(asked)) ?? throw XmDomains.NoSuch(asked)));
        return ExitCode.Success;
    }
}
