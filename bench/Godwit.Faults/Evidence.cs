using System.Globalization;
using Godwit.Aoe.Control;
using Godwit.Lab;
using Godwit.Native.Processes;

namespace Godwit.Faults;

/// <summary>Keeps what may explain a cell that fell short: logs, consoles, and what processes and network do at that moment.</summary>
internal static class Evidence
{
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(2);

    public static async Task KeepAsync(FaultLab lab, string directory, CancellationToken ct)
    {
        Directory.CreateDirectory(directory);
        foreach (var host in lab.Lab.Spec.Hosts)
        {
            var log = Path.Combine(lab.Lab.Paths.Host(host.Name, "log"), "godwitd.log");
            if (File.Exists(log)) File.Copy(log, Path.Combine(directory, host.Name + ".log"), overwrite: true);
            var engines = Path.Combine(lab.Lab.Paths.Host(host.Name, "run"), "qemu");
            if (!Directory.Exists(engines)) continue;
            foreach (var console in Directory.EnumerateFiles(engines, "console.log", SearchOption.AllDirectories))
                File.Copy(console, Path.Combine(directory, host.Name + ".console"), overwrite: true);
        }
        await File.WriteAllTextAsync(Path.Combine(directory, "now.txt"), await LookAsync(lab, ct), ct);
    }

    private static async Task<string> LookAsync(FaultLab lab, CancellationToken ct)
    {
        var network = lab.Lab.Paths.SwitchNamespace;
        var text = new StringWriter(CultureInfo.InvariantCulture);
        string[][] commands =
        [
            ["ip", "netns", "exec", network, "ping", "-c", "2", "-W", "1", FaultLab.GuestAddress],
            ["ip", "netns", "exec", network, "ip", "neigh"],
            ["ip", "netns", "exec", network, "ss", "-tnoi"],
            ["bridge", "-n", network, "fdb", "show"],
            .. FaultLab.Computes.Select(host => (string[])["bridge", "-n", lab.Lab.Paths.Namespace(host), "fdb", "show"]),
        ];
        foreach (var command in commands)
        {
            var said = await ProgramRunner.TryRunAsync(command, ct: ct);
            await text.WriteLineAsync($"$ {string.Join(' ', command)}\n{said.Output}");
        }
        foreach (var process in FaultLab.Computes.SelectMany(host => lab.AoeTools(host, "attach")))
            await text.WriteLineAsync($"attach {process.Pid}: {await StatusAsync(process, ct)}");
        // A guest that is idle, one that spins, and one whose engine waits differ in what its threads use.
        var before = Threads(lab);
        await Task.Delay(Watched, ct);
        foreach (var (thread, used) in Threads(lab).OrderBy(pair => pair.Key, StringComparer.Ordinal))
            await text.WriteLineAsync($"{thread}: {used - before.GetValueOrDefault(thread)} ticks of CPU in {Watched.TotalSeconds:0} s");
        await text.WriteLineAsync(await GuestTalk.AskAsync(lab, ct));
        return text.ToString();
    }

    /// <summary>The control socket of a <c>godwit-aoe attach</c>, as its host sees it.</summary>
    public static AttachControlClient ControlOf(LabProcess attach) =>
        new($"/proc/{attach.Pid}/root{attach.Arguments.SkipWhile(argument => argument != "--control").ElementAt(1)}");

    private static async Task<string> StatusAsync(LabProcess process, CancellationToken ct)
    {
        try
        {
            return (await ControlOf(process).StatusAsync(ct)).ToString();
        }
        catch (AoeControlException e)
        {
            return e.Message;
        }
    }

    private static Dictionary<string, long> Threads(FaultLab lab)
    {
        var used = new Dictionary<string, long>();
        foreach (var process in FaultLab.Computes.SelectMany(host => lab.Engines(host)))
        {
            foreach (var task in Directory.EnumerateDirectories($"/proc/{process.Pid}/task"))
            {
                // The name is in parentheses and may have spaces; utime and stime are the 14th and 15th field.
                var stat = File.ReadAllText(Path.Combine(task, "stat"));
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                used[$"{process.Pid}/{Path.GetFileName(task)} {stat[stat.IndexOf('(')..(stat.LastIndexOf(')') + 1)]} {fields[0]}"] =
                    long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
            }
        }
        return used;
    }
}
