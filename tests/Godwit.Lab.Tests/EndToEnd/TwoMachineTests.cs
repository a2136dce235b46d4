using System.Text;
using Godwit.Api;
using Godwit.Lab.Measure;
using Godwit.Native.Processes;
using Godwit.Storage.Images;

namespace Godwit.Lab.Tests.EndToEnd;

/// <summary>
/// A site of two machines: one is storage and compute at once, and attaches its own volumes over a Unix socket. A domain is
/// created there, its disk grows under it, and it moves away and back.
/// </summary>
[Collection("lab")]
public sealed class TwoMachineTests
{
    private const string Name = "gwsite";
    private const string Both = LabDomain.Storage, Other = "resource-1";
    private const string Domain = "vm1", Volume = "vg_xen/lv_vm1", GuestAddress = "10.9.0.100";
    private const long MiB = 1 << 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ADomainRunsOnTheStorageHostGrowsMovesAwayAndBackAndLosesNoWrite()
    {
        Programs.Demand();
        await Lab.DownAsync(Name);
        try
        {
            var lab = await Lab.UpAsync(
                new LabSpec
                {
                    Name = Name,
                    ProgramDirectory = Programs.Directory,
                    Hosts =
                    [
                        new LabHostSpec { Name = Both, Address = "10.9.0.10", Roles = HostRoles.Storage | HostRoles.Registry | HostRoles.Compute },
                        new LabHostSpec { Name = Other, Address = "10.9.0.11", Roles = HostRoles.Compute },
                    ],
                }, ct: Token);
            await new LabDomain(Domain, Volume, GuestAddress).CreateAsync(lab, Both, 256 * MiB, ct: Token);
            await using var writer = await GuestActs.OpenWriterAsync(lab, GuestAddress, Token);
            Assert.True(IsLocal(lab));
            Assert.Equal(256 * MiB, await SizeInGuestAsync(lab, Both));

            using var client = GodwitClient.OverSocket(lab.Paths.Socket(Both));
            Assert.Equal(512 * MiB, (await ResizeAsync(client, 512 * MiB)).SizeBytes);
            Assert.Equal(512 * MiB, await SizeInGuestAsync(lab, Both));
            await RefusedInUseAsync(client);

            var away = await GuestActs.MoveAsync(lab, Domain, Both, Other, Token);
            Assert.True(away.Succeeded, away.Message);
            Assert.False(IsLocal(lab));
            // Over the storage network now.
            Assert.Equal(768 * MiB, (await ResizeAsync(client, 768 * MiB)).SizeBytes);
            Assert.Equal(768 * MiB, await SizeInGuestAsync(lab, Other));
            var back = await GuestActs.MoveAsync(lab, Domain, Other, Both, Token);
            Assert.True(back.Succeeded, back.Message);
            Assert.True(IsLocal(lab));
            Assert.Equal(768 * MiB, await SizeInGuestAsync(lab, Both));

            var written = await writer.StopAsync();
            Assert.True(written.Unbroken);
            await client.DoAsync(Domain, DomainVerb.Destroy, Token);
            var path = Path.Combine(lab.Paths.Host(Both, "lib"), "volumes", Volume);
            await ProgramRunner.TryRunAsync(["e2fsck", "-E", "journal_only", "-y", path], ct: Token);
            Assert.Equal(0, VolumeCheck.CountLost(await Ext4Files.ReadAsync(path, LabGuest.WriterLog, Token), written));
            await CopiesOfWhatRestsAsync(client, lab, path);
        }
        finally
        {
            await Lab.DownAsync(Name);
        }
    }

    private static async Task RefusedInUseAsync(GodwitClient client)
    {
        foreach (var (code, work) in new[]
        {
            ("volume-in-use", client.ResizeVolumeAsync("vg_xen", "lv_vm1", new ResizeVolumeRequest(128 * MiB, Shrink: true), Token)),
            ("copy-needs-rest", client.CopyVolumeAsync("vg_xen", "lv_vm1", new CopyVolumeRequest("vg_xen/copy"), Token)),
            ("copy-needs-rest", client.ExportVolumeAsync("vg_xen", "lv_vm1", new ExportVolumeRequest("/var/lib/godwit/vm1.img", "raw"), Token)),
        })
        {
            var refused = await Assert.ThrowsAsync<ApiException>(() => EndAsync(client, work));
            Assert.Equal(code, refused.Code);
            Assert.NotNull(refused.Remedy);
        }
        var check = await client.CheckDiskAsync(new CheckDiskRequest(Volume), Token);
        Assert.True(check.Fenced);
        Assert.Equal(512 * MiB, check.SizeBytes);
    }

    private static async Task CopiesOfWhatRestsAsync(GodwitClient client, Lab lab, string path)
    {
        var original = await File.ReadAllBytesAsync(path, Token);
        var copy = (await EndAsync(client, client.CopyVolumeAsync("vg_xen", "lv_vm1", new CopyVolumeRequest("vg_xen/copy", 1024 * MiB), Token))).Volume;
        Assert.Equal((1024 * MiB, Both), (copy.SizeBytes, copy.StorageHost));
        var copied = await File.ReadAllBytesAsync(path.Replace("lv_vm1", "copy", StringComparison.Ordinal), Token);
        Assert.True(copied.AsSpan(0, original.Length).SequenceEqual(original));
        Assert.False(copied.AsSpan(original.Length).ContainsAnyExcept((byte)0));

        await EndAsync(client, client.ExportVolumeAsync("vg_xen", "lv_vm1", new ExportVolumeRequest("/var/lib/godwit/vm1.qcow2", "qcow2"), Token));
        var info = await ProgramRunner.RunAsync(["qemu-img", "compare", "-f", "qcow2", "-F", "raw", Path.Combine(lab.Paths.Host(Both, "lib"), "vm1.qcow2"), path], ct: Token);
        Assert.Contains("identical", info);
        Assert.Equal(64 * MiB, (await EndAsync(client, client.ResizeVolumeAsync("vg_xen", "copy", new ResizeVolumeRequest(64 * MiB, Shrink: true), Token))).Volume.SizeBytes);
        await client.DeleteVolumeAsync("vg_xen", "copy", Token);
    }

    private static async Task<VolumeInfo> ResizeAsync(GodwitClient client, long bytes)
    {
        var last = await EndAsync(client, client.ResizeVolumeAsync("vg_xen", "lv_vm1", new ResizeVolumeRequest(bytes), Token));
        Assert.True(last.Result.Notes.IsEmpty, string.Join(" / ", last.Result.Notes));
        return last.Volume;
    }

    /// <summary>The end of a job, and the volume that it was about.</summary>
    private static async Task<(JobResult Result, VolumeInfo Volume)> EndAsync(GodwitClient client, Task<JobInfo> begun)
    {
        var job = await begun;
        var result = (await client.JobEventsAsync(job.Id, Token).LastAsync(Token)).Result!;
        if (result.Error is { } error)
            throw new ApiException(error);
        return (result, (await client.ListVolumesAsync(Token)).Single(volume => volume.Name == job.Subject));
    }

    private static bool IsLocal(Lab lab)
    {
        var attached = Assert.Single(lab.Processes(Both).Concat(lab.Processes(Other)), p => p.Program == "godwit-aoe" && p.Arguments.Contains("attach"));
        return attached.Arguments.Contains("--local");
    }

    /// <summary>What the guest's kernel says of its disk, asked on its console.</summary>
    private static async Task<long> SizeInGuestAsync(Lab lab, string host)
    {
        using var client = GodwitClient.OverSocket(lab.Paths.Socket(host));
        await using var console = await client.OpenConsoleAsync(Domain, Token);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        // Logged in or not, and whatever stood on the line before.
        foreach (var line in new[] { "", "root", LabGuest.Password })
        {
            await console.WriteAsync(Encoding.ASCII.GetBytes(line + "\n"), limit.Token);
            await Task.Delay(1500, limit.Token);
        }
        // What earlier conversations left is printed first; the echo of the command has no number between its marks.
        var mark = Guid.NewGuid().ToString("N");
        await console.WriteAsync(Encoding.ASCII.GetBytes($"echo {mark}=$(cat /sys/class/block/vda/size)=\n"), limit.Token);
        var heard = new StringBuilder();
        var buffer = new byte[4096];
        while (true)
        {
            heard.Append(Encoding.ASCII.GetString(buffer, 0, await console.ReadAsync(buffer, limit.Token)));
            if (System.Text.RegularExpressions.Regex.Match(heard.ToString(), mark + "=([0-9]+)=") is { Success: true } answer)
                return long.Parse(answer.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) * 512;
        }
    }
}
