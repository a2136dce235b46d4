using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Godwit.Domains;
using Godwit.Native.Processes;

namespace Godwit.Lab.Hosts;

/// <summary>Switches a lab host on and off: its namespaces live as long as its first process.</summary>
internal static class HostMachine
{
    private static readonly TimeSpan StartingTakes = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Starts the host's first process in new mount, PID and UTS namespaces inside its network namespace, and waits
    /// until the host is furnished.
    /// </summary>
    /// <param name="started">Called as soon as there are processes to remember, before they are ready.</param>
    public static async Task StartAsync(
        LabSpec spec, LabPaths paths, LabHostSpec host, Func<LabHostState, Task> started, CancellationToken ct)
    {
        var directory = paths.Host(host.Name);
        foreach (var (own, _) in LabPaths.OwnDirectories) Directory.CreateDirectory(Path.Combine(directory, own));
        // The directory of sockets and pids is empty after a power failure, as /run is on a real machine.
        foreach (var stale in new DirectoryInfo(paths.Host(host.Name, "run")).EnumerateFileSystemInfos())
        {
            if (stale is DirectoryInfo child) child.Delete(recursive: true);
            else stale.Delete();
        }
        await File.WriteAllTextAsync(
            Path.Combine(directory, "etc", "godwitd.toml"), HostConfig.Write(host, spec.Failpoints), ct).ConfigureAwait(false);
        var script = Path.Combine(paths.Directory, "host-init.sh");
        await File.WriteAllTextAsync(script, InitScript(), ct).ConfigureAwait(false);
        var ready = Path.Combine(directory, "ready");
        File.Delete(ready);

        var console = Path.Combine(directory, "console.log");
        string[] init =
        [
            "nsenter", $"--net=/run/netns/{paths.Namespace(host.Name)}",
            "unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--mount-proc",
            "sh", script, host.Name, paths.Directory,
            spec.StartDaemons ? Path.Combine(spec.ProgramDirectory, "godwitd") : "-",
            .. LabPaths.OwnDirectories.Select(d => $"{d.Own}:{d.Seen}"),
        ];
        // A shell in the background, so that the host outlives this program and its terminal.
        var launcherPid = await ProgramRunner.RunAsync(
            ["sh", "-c", "out=$1; shift; cd /; setsid \"$@\" < /dev/null > \"$out\" 2>&1 & echo $!",
                "sh", console, .. init], null, ct).ConfigureAwait(false);
        var pid = int.Parse(launcherPid, CultureInfo.InvariantCulture);
        if (ProcessIdentity.Of(pid) is not { } launcher) throw await DiedAsync(host.Name, console).ConfigureAwait(false);
        await started(new LabHostState(null, launcher)).ConfigureAwait(false);

        var began = Stopwatch.GetTimestamp();
        while (!File.Exists(ready))
        {
            if (!launcher.IsAlive || Stopwatch.GetElapsedTime(began) > StartingTakes)
                throw await DiedAsync(host.Name, console).ConfigureAwait(false);
            await Task.Delay(5, ct).ConfigureAwait(false);
        }
        var children = await File.ReadAllTextAsync($"/proc/{pid}/task/{pid}/children", ct).ConfigureAwait(false);
        var first = ProcessIdentity.Of(int.Parse(children.Trim(), CultureInfo.InvariantCulture))
            ?? throw await DiedAsync(host.Name, console).ConfigureAwait(false);
        await started(new LabHostState(first, launcher)).ConfigureAwait(false);
    }

    /// <summary>
    /// Ends everything inside the host at once: with its first process the kernel kills all others of the PID
    /// namespace. Returns when the last one is gone.
    /// </summary>
    public static async Task KillAsync(LabPaths paths, string host, LabHostState? state, CancellationToken ct)
    {
        if (state?.Init is { } init) await init.KillAsync(ct).ConfigureAwait(false);
        // Also a host whose start was interrupted before its first process was written down.
        foreach (var process in ProcessIdentity.InsideHost("/run/netns/" + paths.Namespace(host)))
            await process.KillAsync(ct).ConfigureAwait(false);
        if (state?.Launcher is { } launcher) await launcher.KillAsync(ct).ConfigureAwait(false);
    }

    private static async Task<GodwitException> DiedAsync(string host, string console)
    {
        var said = File.Exists(console) ? (await File.ReadAllTextAsync(console).ConfigureAwait(false)).Trim() : "";
        return new GodwitException("lab-host-died", $"lab host {host} did not start: {said}",
            "a lab needs root and a kernel that allows new mount, PID, UTS and network namespaces");
    }

    private static string InitScript()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("host-init.sh")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
