using Godwit.Domains;
using Godwit.Lab.Hosts;
using Godwit.Native.Processes;

namespace Godwit.Lab;

/// <summary>
/// A whole pool on one machine: hosts that are namespaces, joined by a switch that is a namespace too. Everything here
/// may be repeated; whatever was done already is left as it is.
/// </summary>
public sealed class Lab
{
    private readonly LabNetwork _network;
    private LabState _state;

    private Lab(LabPaths paths, LabState state)
    {
        Paths = paths;
        _state = state;
        _network = new LabNetwork(paths);
    }

    public LabPaths Paths { get; }

    public LabSpec Spec => _state.Spec;

    /// <summary>
    /// Makes the lab, or what of it is missing: all hosts run afterwards. On failure everything that this call made is
    /// removed again, and a lab that was there before is as it was.
    /// </summary>
    /// <exception cref="GodwitException">Not root, a lab of that name with other hosts, a host that does not start.</exception>
    public static async Task<Lab> UpAsync(LabSpec spec, IProgress<string>? progress = null, CancellationToken ct = default)
    {
        spec.Validate();
        LabLock.DemandRoot();
        var paths = new LabPaths(spec.Name);
        await using var only = await LabLock.TakeAsync(spec.Name, ct).ConfigureAwait(false);
        await using var undo = new UndoStack(text => progress?.Report(text));

        var state = await LabState.ReadAsync(paths, ct).ConfigureAwait(false);
        if (state is not null && !state.Spec.Hosts.SequenceEqual(spec.Hosts))
        {
            throw new GodwitException("lab-differs", $"lab {spec.Name} is there already, with other hosts",
                $"godwit lab down {spec.Name}");
        }
        var lab = new Lab(paths, state ?? new LabState { Spec = spec });
        if (state is null)
        {
            // What an interrupted call left behind without a record would be in the way.
            await lab.ClearAsync(CancellationToken.None).ConfigureAwait(false);
            undo.Push("files of the lab", () => lab.ClearAsync(CancellationToken.None));
        }
        await lab.MakeFilesAsync(ct).ConfigureAwait(false);
        await lab.MakeSwitchAsync(undo, ct).ConfigureAwait(false);
        foreach (var host in spec.Hosts) await lab.StartHostAsync(host, undo, progress, ct).ConfigureAwait(false);
        if (spec.StartDaemons) await lab.MakePoolAsync(progress, ct).ConfigureAwait(false);
        undo.Keep();
        return lab;
    }

    /// <summary>A lab that is there; null when there is none of that name.</summary>
    public static async Task<Lab?> OpenAsync(string name, CancellationToken ct = default)
    {
        LabSpec.CheckName("lab", name, 20);
        var paths = new LabPaths(name);
        return await LabState.ReadAsync(paths, ct).ConfigureAwait(false) is { } state ? new Lab(paths, state) : null;
    }

    /// <summary>
    /// Removes the lab: its processes, namespaces and files, and nothing else. Also what remains of one that was half
    /// made or has crashed; nothing happens when there is none.
    /// </summary>
    public static async Task DownAsync(string name, CancellationToken ct = default)
    {
        LabSpec.CheckName("lab", name, 20);
        LabLock.DemandRoot();
        var paths = new LabPaths(name);
        await using var only = await LabLock.TakeAsync(name, ct).ConfigureAwait(false);
        var state = await LabState.ReadAsync(paths, ct).ConfigureAwait(false);
        await new Lab(paths, state ?? new LabState { Spec = new LabSpec { Name = name, Hosts = [] } })
            .ClearAsync(ct).ConfigureAwait(false);
    }

    /// <summary>How the hosts of a lab are; null when there is no lab of that name.</summary>
    public static async Task<LabStatus?> StatusAsync(string name, CancellationToken ct = default) =>
        await OpenAsync(name, ct).ConfigureAwait(false) is { } lab
            ? await LabStatus.OfAsync(lab, ct).ConfigureAwait(false)
            : null;

    /// <summary>
    /// Pulls a host's power plug: everything in it ends in the same instant, nothing is told, its links go down.
    /// </summary>
    public async Task PullPowerAsync(string host, CancellationToken ct = default)
    {
        await using var only = await LabLock.TakeAsync(Spec.Name, ct).ConfigureAwait(false);
        var found = await FindHostAsync(host, ct).ConfigureAwait(false);
        await _network.UnplugAsync(found.Name, ct).ConfigureAwait(false);
        await HostMachine.KillAsync(Paths, found.Name, _state.Hosts.GetValueOrDefault(host), ct).ConfigureAwait(false);
        await RememberAsync(host, s => s with { Init = null, Launcher = null }, ct).ConfigureAwait(false);
    }

    /// <summary>
    /// Switches a host on again, with new network interfaces and its old disks, and waits for its <c>godwitd</c>.
    /// Nothing happens when it is on.
    /// </summary>
    public async Task PowerOnAsync(string host, CancellationToken ct = default)
    {
        await using var only = await LabLock.TakeAsync(Spec.Name, ct).ConfigureAwait(false);
        await using var undo = new UndoStack(_ => { });
        await StartHostAsync(await FindHostAsync(host, ct).ConfigureAwait(false), undo, null, ct).ConfigureAwait(false);
        undo.Keep();
        if (Spec.StartDaemons) await PoolSetup.WaitForDaemonAsync(this, host, ct).ConfigureAwait(false);
    }

    /// <summary>Runs a program in all namespaces of a host; Godwit's own programs are found by their names.</summary>
    /// <param name="onLine">Called for each line of output as it comes.</param>
    /// <exception cref="GodwitException">No such host, or its power is off.</exception>
    public async Task<ProgramResult> RunAsync(
        string host, IReadOnlyList<string> arguments, Action<string>? onLine = null, CancellationToken ct = default) =>
        await ProgramRunner.TryRunAsync(
            [.. await EnterAsync(host, ct).ConfigureAwait(false), .. arguments], null, onLine, ct).ConfigureAwait(false);

    /// <summary>The beginning of a command line that runs the rest inside a host.</summary>
    public async Task<IReadOnlyList<string>> EnterAsync(string host, CancellationToken ct = default)
    {
        await FindHostAsync(host, ct).ConfigureAwait(false);
        if (_state.Hosts.GetValueOrDefault(host)?.Init is not { IsAlive: true } init)
            throw new GodwitException("lab-host-off", $"lab host {host} has no power", $"godwit lab up {Spec.Name}");
        return
        [
            "nsenter", "--target", $"{init.Pid}", "--mount", "--uts", "--ipc", "--net", "--pid", "--",
            "env", $"PATH={Spec.ProgramDirectory}:{Environment.GetEnvironmentVariable("PATH")}",
        ];
    }

    /// <summary>What runs in a host at this moment.</summary>
    public IReadOnlyList<LabProcess> Processes(string host) =>
        [.. ProcessIdentity.InsideHost("/run/netns/" + Paths.Namespace(host)).Select(LabProcess.Of).OfType<LabProcess>()];

    /// <summary>Directories of the machine that the lab made, and will remove.</summary>
    internal IReadOnlyList<string> MountPoints => _state.MountPoints;

    internal LabHostState? HostState(string host) => _state.Hosts.GetValueOrDefault(host);

    private async Task<LabHostSpec> FindHostAsync(string host, CancellationToken ct)
    {
        // Another program may have switched hosts on and off meanwhile.
        _state = await LabState.ReadAsync(Paths, ct).ConfigureAwait(false) ?? _state;
        return Spec.Hosts.FirstOrDefault(h => h.Name == host)
            ?? throw new GodwitException("no-such-lab-host", $"lab {Spec.Name} has no host {host}",
                "its hosts are " + string.Join(", ", Spec.Hosts.Select(h => h.Name)));
    }

    private async Task MakeFilesAsync(CancellationToken ct)
    {
        var missing = LabFiles.MissingMountPoints();
        _state = _state with { MountPoints = _state.MountPoints.AddRange(missing) };
        await _state.WriteAsync(Paths, ct).ConfigureAwait(false);
        await LabFiles.MakeAsync(Paths, Spec, missing, ct).ConfigureAwait(false);
    }

    private async Task MakeSwitchAsync(UndoStack undo, CancellationToken ct)
    {
        if (File.Exists("/run/netns/" + Paths.SwitchNamespace)) return;
        undo.Push("switch", () => LabNetwork.RemoveNamespaceAsync(Paths.SwitchNamespace, CancellationToken.None));
        await _network.AddSwitchAsync(ct).ConfigureAwait(false);
    }

    private async Task StartHostAsync(
        LabHostSpec host, UndoStack undo, IProgress<string>? progress, CancellationToken ct)
    {
        if (HostState(host.Name)?.Init is { IsAlive: true }) return;
        progress?.Report($"starting {host.Name}, {host.Address}");
        await RemoveHostAsync(host.Name, ct).ConfigureAwait(false);
        undo.Push("host " + host.Name, () => RemoveHostAsync(host.Name, CancellationToken.None));
        await _network.AddHostAsync(host, ct).ConfigureAwait(false);
        await HostMachine.StartAsync(
            Spec, Paths, host,
            started => RememberAsync(host.Name, s => s with { Init = started.Init, Launcher = started.Launcher }, ct),
            ct).ConfigureAwait(false);
    }

    private async Task RemoveHostAsync(string host, CancellationToken ct)
    {
        await HostMachine.KillAsync(Paths, host, HostState(host), ct).ConfigureAwait(false);
        await LabNetwork.RemoveNamespaceAsync(Paths.Namespace(host), ct).ConfigureAwait(false);
    }

    /// <summary>The first host makes the pool; the registry's is meant to be the first.</summary>
    private async Task MakePoolAsync(IProgress<string>? progress, CancellationToken ct)
    {
        var first = Spec.Hosts.FirstOrDefault(h => h.Roles.HasFlag(HostRoles.Registry)) ?? Spec.Hosts[0];
        foreach (var host in Spec.Hosts.OrderBy(h => h.Name == first.Name ? 0 : 1))
        {
            if (HostState(host.Name) is { Joined: true }) continue;
            progress?.Report(host == first ? $"making the pool on {host.Name}" : $"{host.Name} joins the pool");
            if (host == first) await PoolSetup.InitAsync(this, host.Name, ct).ConfigureAwait(false);
            else await PoolSetup.JoinAsync(this, first.Name, host.Name, ct).ConfigureAwait(false);
            await RememberAsync(host.Name, s => s with { Joined = true }, ct).ConfigureAwait(false);
        }
    }

    private Task RememberAsync(string host, Func<LabHostState, LabHostState> change, CancellationToken ct)
    {
        _state = _state with { Hosts = _state.Hosts.SetItem(host, change(HostState(host) ?? new LabHostState())) };
        return _state.WriteAsync(Paths, ct);
    }

    private async Task ClearAsync(CancellationToken ct)
    {
        var namespaces = await _network.ListNamespacesAsync(ct).ConfigureAwait(false);
        var hosts = namespaces.Select(n => n[(Paths.Lab.Length + 1)..]).Union(_state.Hosts.Keys)
            .Where(h => h != LabSpec.SwitchName);
        foreach (var host in hosts) await RemoveHostAsync(host, ct).ConfigureAwait(false);
        await LabNetwork.RemoveNamespaceAsync(Paths.SwitchNamespace, ct).ConfigureAwait(false);
        LabFiles.Remove(Paths, _state.MountPoints);
        _state = _state with { Hosts = _state.Hosts.Clear(), MountPoints = [] };
    }
}
