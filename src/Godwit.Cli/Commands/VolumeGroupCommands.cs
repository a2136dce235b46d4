using System.CommandLine;
using Godwit.Api;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;

namespace Godwit.Cli.Commands;

/// <summary>Where a storage host keeps volumes. What is said here is kept in its state directory.</summary>
internal static class VolumeGroupCommands
{
    public static Command Build(Surroundings around) => new Command("group", "Where a storage host keeps its volumes")
    {
        Add(around),
        List(around),
        Remove(around),
    };

    private static DocumentedCommand Add(Surroundings around)
    {
        var name = Name();
        var lvm = new Option<bool>("--lvm") { Description = "The LVM2 volume group of that name" };
        var pool = new Option<string?>("--thin-pool") { HelpName = "POOL", Description = "New volumes are thin volumes of this pool; implies --lvm" };
        var path = new Option<string?>("--path") { HelpName = "DIR", Description = "Volumes are sparse files of this directory" };
        var on = new Option<string?>("--on") { HelpName = "VOLUME", Description = "Volumes are LVM's on this exported volume, by the hosts that share it" };
        var command = new DocumentedCommand("add", "Have a storage host keep volumes in an LVM2 volume group, as files of a directory, or the hosts on an exported one")
        {
            Arguments = { name },
            Options = { lvm, pool, path, on },
            Examples =
            [
                ("godwit volume group add vg_xen --lvm", "vgcreate vg_xen /dev/sdb has made it before"),
                ("godwit volume group add vg_xen --thin-pool pool0", "with a thin pool: lvcreate --type thin-pool -l 90%FREE -n pool0 vg_xen"),
                ("godwit volume group add files --path /srv/volumes", "sparse files; on XFS or Btrfs they are cloned at once"),
                ("godwit volume group add vg_san --on vg_xen/disk1", "the hosts make the group on that volume, by the kernel's aoe driver and LVM"),
            ],
        };
        command.Validators.Add(result =>
        {
            var isLvm = result.GetValue(lvm) || result.GetValue(pool) is not null;
            if (new[] { isLvm, result.GetValue(path) is not null, result.GetValue(on) is not null }.Count(said => said) != 1)
                result.AddError("say where the volumes are to be: --lvm, --thin-pool POOL, --path DIR or --on VOLUME");
        });
        return command.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var request = call.Get(path) is { } directory ? new AddVolumeGroupRequest(call.Get(name), "directory", directory)
                : call.Get(on) is { } device ? new AddVolumeGroupRequest(call.Get(name), "shared", On: device)
                : new AddVolumeGroupRequest(call.Get(name), "lvm", ThinPool: call.Get(pool));
            var group = await client.AddVolumeGroupAsync(request, ct).ConfigureAwait(false);
            return call.Show(group, CliJson.Api.VolumeGroupInfo, (o, g) => o.WriteLine(
                $"{g.Name}: {g.Place} on {g.StorageHost}, {Units.Bytes(g.FreeBytes)} of {Units.Bytes(g.SizeBytes)} free"));
        });
    }

    private static DocumentedCommand List(Surroundings around) =>
        new DocumentedCommand("list", "List the groups of a storage host, and how full they are")
        {
            Examples = [("godwit volume group list --host storage-2", "those of another storage host")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var groups = await client.ListVolumeGroupsAsync(ct).ConfigureAwait(false);
            return call.Show(groups, CliJson.Api.ImmutableArrayVolumeGroupInfo, (o, all) =>
            {
                var table = new Table(new Column("Name", MinWidth: 16), Column.Number("Size", 10), Column.Number("Free", 10), "Storage", "Place");
                foreach (var g in all.OrderBy(g => g.Name, StringComparer.Ordinal))
                {
                    table.Add(g.Name, g.Problem is null ? Short(g.SizeBytes) : "-", g.Problem is null ? Short(g.FreeBytes) : "-", g.StorageHost,
                        g.Problem is null ? g.Place : $"{g.Place}: {g.Problem}");
                }
                table.Write(o);
            });
        });

    private static DocumentedCommand Remove(Surroundings around)
    {
        var name = Name();
        return new DocumentedCommand("remove", "Have a storage host forget a group that has no volumes; what else lies there stays")
        {
            Arguments = { name },
            Examples = [("godwit volume group remove files", "one that is named in godwitd.toml is removed there")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            await client.RemoveVolumeGroupAsync(call.Get(name), ct).ConfigureAwait(false);
            return ExitCode.Success;
        });
    }

    private static string Short(long bytes) => Units.Bytes(bytes).Replace(" ", "", StringComparison.Ordinal);

    private static Argument<string> Name() => new("GROUP") { Description = "First part of its volumes' names; with LVM the volume group" };
}
