using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Config;

namespace Godwit.Daemon.Checks;

/// <summary>The kernel's own aoe driver: whether it is there, and on which networks it listens.</summary>
internal sealed class AoeModuleCheck(DaemonConfig config) : IHostCheck
{
    private static readonly Finder Says = new("aoe-module");

    public string Name => Says.Check;

    public Task<IEnumerable<HostFinding>> RunAsync(CheckRound round, CancellationToken cancellationToken) =>
        Task.FromResult<IEnumerable<HostFinding>>(config.Has(Role.Compute) ? [Judge(AoeModule.Find(), config.Storage.Interfaces)] : []);

    internal static HostFinding Judge(AoeModule module, ImmutableArray<string> storage)
    {
        if (!module.Loaded)
        {
            return Says.Ok(module.Loadable
                ? "The kernel's aoe driver is not loaded: disks are attached by godwit-aoe. `modprobe aoe` loads it."
                : "The kernel has no aoe driver: disks are attached by godwit-aoe.");
        }
        var wanted = string.Join(' ', storage);
        var remedy = $"""Write `options aoe aoe_iflist="{wanted}"` to /etc/modprobe.d/aoe.conf; for now: echo {wanted} > {AoeModule.InterfaceList}""";
        if (module.Interfaces.IsEmpty)
            return Says.Warning("The kernel's aoe driver is loaded and listens on all interfaces, guests' networks among them: whoever answers there first is its disk.", remedy);
        if (module.Interfaces.Except(storage).ToList() is [_, ..] foreign)
            return Says.Warning($"The kernel's aoe driver also listens on {string.Join(", ", foreign)}, outside the storage network.", remedy);
        return storage.Except(module.Interfaces).ToList() is [_, ..] missing
            ? Says.Error($"The kernel's aoe driver does not listen on {string.Join(", ", missing)}, an interface of the storage network.", remedy)
            : Says.Ok($"The kernel's aoe driver is loaded and listens on {string.Join(", ", module.Interfaces)}.");
    }
}

/// <param name="Loaded">It is in the kernel now.</param>
/// <param name="Loadable">It lies beside the kernel that runs.</param>
/// <param name="Interfaces">Those that it listens on; none: all.</param>
internal sealed record AoeModule(bool Loaded, bool Loadable, ImmutableArray<string> Interfaces)
{
    public const string InterfaceList = "/sys/module/aoe/parameters/aoe_iflist";

    public static AoeModule Find() => new(Directory.Exists("/sys/module/aoe"), IsLoadable(), ReadInterfaces());

    // As modprobe finds it: by the list of all modules of the kernel that runs.
    private static bool IsLoadable()
    {
        var list = $"/lib/modules/{File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}/modules.dep";
        return File.Exists(list) && File.ReadLines(list).Any(line => line.Split(':')[0].Contains("/aoe.ko", StringComparison.Ordinal));
    }

    private static ImmutableArray<string> ReadInterfaces() =>
        File.Exists(InterfaceList) ? [.. File.ReadAllText(InterfaceList).Split((char[])[' ', '\t', '\n', ',', '\0'], StringSplitOptions.RemoveEmptyEntries)] : [];
}
