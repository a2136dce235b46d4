using System.Diagnostics;
using Godwit.Native.Processes;

namespace Godwit.StartBench;

/// <summary>
/// A libvirtd of the distribution with a directory of its own. Its usual places are empty in a mount namespace, and the
/// machine's own stay as they are.
/// </summary>
internal sealed class Libvirtd : IAsyncDisposable
{
    private const string Start =
        """
        mount --bind "$0/etc" /etc/libvirt &&
        mkdir -p /run/libvirt &&
        for d in /run/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt; do mount -t tmpfs tmpfs $d; done &&
        exec libvirtd --pid-file /run/libvirt/libvirtd.pid
        """;

    private readonly string _directory;
    private readonly Process _process;

    private Libvirtd(string directory, Process process) => (_directory, _process) = (directory, process);

    public string Socket => Path.Combine(_directory, "libvirt-sock");

    public static async Task<Libvirtd> StartAsync(string directory)
    {
        var etc = Directory.CreateDirectory(Path.Combine(directory, "etc")).FullName;
        await File.WriteAllTextAsync(Path.Combine(etc, "libvirtd.conf"),
            $"""
            unix_sock_dir = "{directory}"
            auth_unix_rw = "none"
            host_uuid = "{Guid.NewGuid()}"

            """);
        await File.WriteAllTextAsync(Path.Combine(etc, "qemu.conf"), "user = \"root\"\ngroup = \"root\"\ncgroup_controllers = []\n");
        var process = Process.Start(new ProcessStartInfo("unshare", ["--mount", "sh", "-c", Start, directory]) { RedirectStandardError = true })!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var libvirt = new Libvirtd(directory, process);
        for (var attempt = 0; ; attempt++)
        {
            var list = await ProgramRunner.TryRunAsync(["virsh", "-c", $"qemu:///system?socket={libvirt.Socket}", "list"]);
            if (list.Succeeded) return libvirt;
            if (attempt < 150 && !process.HasExited)
            {
                await Task.Delay(200);
                continue;
            }
            await libvirt.DisposeAsync();
            throw new InvalidOperationException($"libvirtd does not answer: {list.Error}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
