using System.CommandLine;
using Godwit.Api;
using Godwit.Cli.Jobs;
using Godwit.Cli.Rendering;
using Godwit.Cli.Running;
using Godwit.Domains;

namespace Godwit.Cli.Commands;

/// <summary>Commands that work on a volume's data, which may take long: their storage host does it as a job.</summary>
internal static class VolumeDataCommands
{
    private const string OnInterrupt =
        "The first Ctrl-C cancels the work, and waits until it is undone: nothing half-made is left. When the connection breaks it "
        + "goes on; godwit job list shows it, on the storage host.";

    public static DocumentedCommand Resize(Surroundings around)
    {
        var name = VolumeCommands.Name();
        var size = Arguments.Size("--size", "New size, with k, m, g or t for powers of 1024");
        size.Required = true;
        size.Aliases.Add("-L");
        var shrink = new Option<bool>("--shrink") { Description = "It may become smaller: what lies behind its new end is lost" };
        return new DocumentedCommand("resize", "Give a volume another size; a guest that runs on it sees it grow")
        {
            Arguments = { name },
            Options = { size, shrink },
            Explanation = OnInterrupt,
            Examples =
            [
                ("godwit volume resize vg_xen/lv_vm1 -L 10g", "then, in the guest: resize2fs /dev/vda"),
                ("godwit volume resize vg_xen/lv_vm1 -L 2g --shrink", "refused while a domain has it"),
            ],
        }.Runs(around, (call, _) => FollowAsync(call, name,
            (client, volume, token) => client.ResizeVolumeAsync(volume.Group, volume.Volume, new ResizeVolumeRequest(call.Get(size), call.Get(shrink)), token),
            v => Units.Text($"{v.Name}: {Units.Bytes(v.SizeBytes)}")));
    }

    public static DocumentedCommand Clone(Surroundings around)
    {
        var name = VolumeCommands.Name();
        var target = new Argument<string>("NEW") { Description = "Name of the new volume, of any group of the same storage host" };
        var size = Arguments.Size("--size", "Size of the new volume, if it is to be larger");
        size.Aliases.Add("-L");
        return new DocumentedCommand("clone", "Make a new volume of what another one holds")
        {
            Arguments = { name, target },
            Options = { size },
            Explanation = OnInterrupt,
            Examples =
            [
                ("godwit volume clone vg_xen/golden vg_xen/lv_vm2 -L 10g", "in a thin pool, and on XFS or Btrfs, at once; else a copy, while nobody uses it"),
            ],
        }.Runs(around, (call, _) => FollowAsync(call, name,
            (client, volume, token) => client.CopyVolumeAsync(
                volume.Group, volume.Volume, new CopyVolumeRequest(call.Get(target), call.Get(size) is > 0 and var bytes ? bytes : null), token), Made));
    }

    public static DocumentedCommand Snapshot(Surroundings around)
    {
        var name = VolumeCommands.Name();
        var snapshot = new Argument<string>("NAME") { Description = "Name of the snapshot, within the same group" };
        return new DocumentedCommand("snapshot", "Keep what a volume holds now, as a volume of its own")
        {
            Arguments = { name, snapshot },
            Explanation = OnInterrupt,
            Examples =
            [
                ("godwit volume snapshot vg_xen/lv_vm1 lv_vm1.monday", "while the guest runs, in a thin pool, and on XFS or Btrfs; as after a power failure"),
            ],
        }.Runs(around, (call, _) => FollowAsync(call, name,
            (client, volume, token) => client.CopyVolumeAsync(
                volume.Group, volume.Volume, new CopyVolumeRequest($"{volume.Group}/{call.Get(snapshot)}"), token), Made));
    }

    public static DocumentedCommand Export(Surroundings around)
    {
        var name = VolumeCommands.Name();
        var file = new Argument<string>("FILE") { Description = "Path of the new file, from the root, on the storage host" };
        var format = Arguments.Choice("--format", "raw, which is sparse, or QEMU's own", "raw", "qcow2");
        return new DocumentedCommand("export", "Write what a volume holds to a file of its storage host")
        {
            Arguments = { name, file },
            Options = { format },
            Explanation = OnInterrupt,
            Examples =
            [
                ("godwit volume export vg_xen/lv_vm1 /srv/backup/vm1.qcow2 --format qcow2", "while nobody uses the volume"),
                ("godwit volume export vg_xen/lv_vm1.monday /srv/backup/vm1.img", "of a snapshot, while its domain runs"),
            ],
        }.Runs(around, (call, _) => FollowAsync(call, name,
            (client, volume, token) => client.ExportVolumeAsync(
                volume.Group, volume.Volume, new ExportVolumeRequest(call.Get(file), call.Get(format)!), token),
            v => $"{v.StorageHost}:{call.Get(file)}: what {v.Name} holds, {Units.Bytes(v.SizeBytes)}"));
    }

    private static string Made(VolumeInfo volume) =>
        Units.Text($"{volume.Name}: {Units.Bytes(volume.SizeBytes)} on {volume.StorageHost}, {VolumeCommands.Way(volume.LiesOn, volume.Shelf, volume.Slot)}");

    private static async Task<ExitCode> FollowAsync(
        Invocation call, Argument<string> name, Func<GodwitClient, VolumeName, CancellationToken, Task<JobInfo>> begin, Func<VolumeInfo, string> text)
    {
        using var client = call.Connect();
        var job = await begin(client, VolumeName.Parse(call.Get(name)), call.Around.Interrupts.First).ConfigureAwait(false);
        var result = await JobFollower.FollowAsync(call, job).ConfigureAwait(false);
        foreach (var note in result.Notes) call.Around.Error.WriteLine("godwit: " + note);
        var subject = VolumeName.Parse(job.Subject);
        var volume = await client.GetVolumeAsync(subject.Group, subject.Volume, call.Around.Interrupts.Second).ConfigureAwait(false);
        return call.Show(
            new VolumeInfo(volume.Name, volume.SizeBytes, volume.StorageHost, volume.Shelf, volume.Slot), CliJson.Api.VolumeInfo, (o, v) => o.WriteLine(text(v)));
    }
}
