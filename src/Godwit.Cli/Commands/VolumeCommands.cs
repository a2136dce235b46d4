using System.Collections.Immutable;
using System.CommandLine;
using Godwit.Api;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;
using Godwit.Domains;

namespace Godwit.Cli.Commands;

internal static class VolumeCommands
{
    public static Command Build(Surroundings around) => new Command("volume", "The volumes of the pool's storage")
    {
        Create(around),
        List(around),
        Show(around),
        VolumeDataCommands.Resize(around),
        VolumeDataCommands.Clone(around),
        VolumeDataCommands.Snapshot(around),
        VolumeDataCommands.Export(around),
        Check(around),
        Delete(around),
        VolumeGroupCommands.Build(around),
    };

    private static DocumentedCommand Create(Surroundings around)
    {
        var name = Name();
        var size = Arguments.Size("--size", "Size, with k, m, g or t for powers of 1024");
        size.Required = true;
        size.Aliases.Add("-L");
        return new DocumentedCommand("create", "Make an empty volume and export it to the hosts")
        {
            Arguments = { name },
            Options = { size },
            Examples = [("godwit volume create vg_xen/lv_vm1 -L 5g", "5 GiB, which use space only where written")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var request = new CreateVolumeRequest(call.Get(name), call.Get(size));
            var volume = await client.CreateVolumeAsync(request, ct).ConfigureAwait(false);
            return call.Show(volume, CliJson.Api.VolumeInfo, (o, v) => o.WriteLine(
                Units.Text($"{v.Name}: {Units.Bytes(v.SizeBytes)} on {v.StorageHost}, {Way(v.LiesOn, v.Shelf, v.Slot)}")));
        });
    }

    private static DocumentedCommand List(Surroundings around) =>
        new DocumentedCommand("list", "List the volumes")
        {
            Examples = [("godwit volume list", "with the shelf and slot that each is exported as")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var volumes = await client.ListVolumesAsync(ct).ConfigureAwait(false);
            return call.Show(volumes, CliJson.Api.ImmutableArrayVolumeInfo, (o, all) =>
            {
                var table = new Table(new Column("Name", MinWidth: 24), Column.Number("Size", 10), "Storage", "AoE");
                foreach (var v in all.OrderBy(v => v.Name, StringComparer.Ordinal))
                {
                    table.Add(v.Name, Units.Bytes(v.SizeBytes).Replace(" ", "", StringComparison.Ordinal), v.StorageHost,
                        v.LiesOn is { } device ? $"on {device}" : Units.Text($"e{v.Shelf}.{v.Slot}{(v.SharedGroup is { } group ? $", holds {group}" : "")}"));
                }
                table.Write(o);
            });
        });

    private static DocumentedCommand Show(Surroundings around)
    {
        var name = Name();
        return new DocumentedCommand("show", "Show a volume, and who uses it")
        {
            Arguments = { name },
            Examples = [("godwit volume show vg_xen/lv_vm1", "the domains that have it, and the hosts that are attached to it")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var volume = VolumeName.Parse(call.Get(name));
            return call.Show(await client.GetVolumeAsync(volume.Group, volume.Volume, ct).ConfigureAwait(false), CliJson.Api.VolumeDetails, (o, v) =>
            {
                DomainSheet.Line(o, "name", v.Name);
                DomainSheet.Line(o, "size", Units.Bytes(v.SizeBytes));
                DomainSheet.Line(o, "storage", Units.Text($"{v.StorageHost}, {Way(v.LiesOn, v.Shelf, v.Slot)}"));
                if (v.SharedGroup is { } group) DomainSheet.Line(o, "holds", $"the group {group}, which hosts share");
                DomainSheet.Line(o, "domains", All(v.Domains));
                DomainSheet.Line(o, "hosts", All(v.Hosts));
            });
        });

        static string All(ImmutableArray<string> names) => names.IsEmpty ? "none" : string.Join(", ", names);
    }

    /// <summary>How hosts reach a volume, for a person.</summary>
    internal static string Way(string? liesOn, int shelf, int slot) =>
        liesOn is null ? Units.Text($"exported as e{shelf}.{slot}") : Units.Text($"on {liesOn}, e{shelf}.{slot}");

    private static DocumentedCommand Check(Surroundings around)
    {
        var target = new Argument<string>("TARGET") { Description = "As in a configuration: a volume, a device, a file, nbd://… or rbd:…" };
        return new DocumentedCommand("check", "Say what a disk's target is, and how another host can be kept from writing to it")
        {
            Arguments = { target },
            Examples =
            [
                ("godwit volume check vg_xen/lv_vm1", "a volume of the pool, which has a fence"),
                ("godwit volume check /dev/disk/by-id/scsi-36001405a0b1c --host resource-2", "a device of another host"),
                ("godwit volume check rbd:pool/vm1", "an image of Ceph"),
            ],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            return call.Show(await client.CheckDiskAsync(new CheckDiskRequest(call.Get(target)), ct).ConfigureAwait(false), CliJson.Api.DiskCheck, (o, d) =>
            {
                DomainSheet.Line(o, "target", d.Target);
                DomainSheet.Line(o, "kind", d.Kind);
                DomainSheet.Line(o, "size", d.SizeBytes is { } bytes ? Units.Bytes(bytes) : "known to the engine alone");
                DomainSheet.Line(o, "fenced", d.Fenced ? "yes" : "no");
                DomainSheet.Line(o, "how", d.How);
                if (d.Advice is { } advice) DomainSheet.Line(o, "advice", advice);
            });
        });
    }

    private static DocumentedCommand Delete(Surroundings around)
    {
        var name = Name();
        return new DocumentedCommand("delete", "Remove a volume with its data; refused while a domain has it")
        {
            Arguments = { name },
            Examples = [("godwit volume delete vg_xen/lv_vm1", "nothing brings the data back; its AoE address is not given again")],
        }.Runs(around, async (call, ct) =>
        {
            using var client = call.Connect();
            var volume = VolumeName.Parse(call.Get(name));
            await client.DeleteVolumeAsync(volume.Group, volume.Volume, ct).ConfigureAwait(false);
            return ExitCode.Success;
        });
    }

    public static Argument<string> Name() => new("GROUP/VOLUME") { Description = "Name as LVM has them, such as vg_xen/lv_vm1" };
}
