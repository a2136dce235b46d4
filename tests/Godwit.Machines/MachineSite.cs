using System.Diagnostics;
using Godwit.Machines.Image;

namespace Godwit.Machines;

/// <summary>Machines on one network, from the moment they are switched on until nothing is left of them.</summary>
public sealed class MachineSite : IAsyncDisposable
{
    private readonly string _directory;

    private MachineSite(MachineNetwork network, string directory, IReadOnlyList<Machine> machines) =>
        (Network, _directory, Machines) = (network, directory, machines);

    public MachineNetwork Network { get; }

    public IReadOnlyList<Machine> Machines { get; }

    public Machine this[string name] => Machines.Single(m => m.Name == name);

    /// <summary>Builds the image if need be, and boots all machines at once.</summary>
    /// <param name="name">Of the network's namespace.</param>
    /// <param name="specs">The machines.</param>
    /// <param name="progress">Is told what is being done, and how long it took.</param>
    /// <param name="ct">Ends it; nothing is left then.</param>
    /// <exception cref="MachineException">One of them did not come up.</exception>
    public static async Task<MachineSite> StartAsync(
        string name, IReadOnlyList<MachineSpec> specs, IProgress<string>? progress, CancellationToken ct)
    {
        var image = await MachineImage.GetAsync(progress, ct).ConfigureAwait(false);
        var network = await MachineNetwork.CreateAsync(name, ct).ConfigureAwait(false);
        var directory = Directory.CreateTempSubdirectory("godwit-machines-").FullName;
        var machines = specs.Select(spec =>
            new Machine(spec, image, network, Directory.CreateDirectory(Path.Combine(directory, spec.Name)).FullName, specs)).ToArray();
        var site = new MachineSite(network, directory, machines);
        try
        {
            await Task.WhenAll(machines.Select(m => StartAsync(m, progress, ct))).ConfigureAwait(false);
            return site;
        }
        catch
        {
            await site.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var machine in Machines) await machine.DisposeAsync().ConfigureAwait(false);
        await Network.DisposeAsync().ConfigureAwait(false);
        Directory.Delete(_directory, recursive: true);
    }

    private static async Task StartAsync(Machine machine, IProgress<string>? progress, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        await machine.PrepareAsync(ct).ConfigureAwait(false);
        await machine.StartAsync(ct).ConfigureAwait(false);
        progress?.Report($"{machine.Name} is up after {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s");
    }
}
