using Godwit.Domains;
using Godwit.Hypervisors.Qemu;
using Godwit.Native.Processes;
using Godwit.Storage.Images;
using Microsoft.Extensions.Logging.Abstractions;

[assembly: AssemblyFixture(typeof(Godwit.Hypervisors.Tests.Qemu.GuestFixture))]

namespace Godwit.Hypervisors.Tests.Qemu;

/// <summary>QEMU of this machine, and a guest of a kernel and a ramdisk for it. Run directories are removed at the end.</summary>
public sealed class GuestFixture : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("godwit-q-").FullName;
    private string _kernel = "", _ramdisk = "";

    public QemuOptions Options { get; private set; } = new();

    public QemuHypervisor Hypervisor { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var image = await TinyImage.GetAsync(new ImageCache(), [], null, CancellationToken.None);
        _kernel = image.KernelPath;
        _ramdisk = Path.Combine(_directory, "ramdisk");
        var tree = Directory.CreateDirectory(Path.Combine(_directory, "tree")).FullName;
        await using (var script = typeof(GuestFixture).Assembly.GetManifestResourceStream("guest-init.sh")!)
        await using (var file = File.Create(Path.Combine(tree, "init")))
            await script.CopyToAsync(file);
        // The kernel unpacks archives that follow one another; of a file that is in both the last one counts.
        await ProgramRunner.RunAsync(
            ["sh", "-c", "cd \"$1\" && chmod 755 init && echo init | \"$2\" cpio -o -H newc > \"$3.more\" && cat \"$4\" \"$3.more\" > \"$3\"",
                "sh", tree, image.BusyboxPath, _ramdisk, image.RamdiskPath]);
        Options = new QemuOptions { RunDirectory = Path.Combine(_directory, "run"), DiskReconnectSeconds = 1 };
        Hypervisor = await OpenAsync();
    }

    public Task<QemuHypervisor> OpenAsync() =>
        QemuHypervisor.OpenAsync(Options, TimeProvider.System, NullLogger.Instance, CancellationToken.None);

    public string NewFile(string name) => Path.Combine(_directory, name);

    /// <summary>A domain of 96 MiB that boots the test's guest.</summary>
    public CopyOrder Order(Func<DomainSpec, DomainSpec>? change = null, params DiskSource[] disks)
    {
        var spec = new DomainSpec { Name = "vm1", Uuid = Guid.NewGuid(), MemoryMiB = 96, CommandLine = "quiet" };
        spec = change?.Invoke(spec) ?? spec;
        return new CopyOrder
        {
            Spec = spec,
            Pin = Hypervisor.Pin(spec),
            CopyId = Guid.NewGuid(),
            KernelPath = _kernel,
            RamdiskPath = _ramdisk,
            Disks = [.. disks],
        };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var copy in await Hypervisor.FindCopiesAsync(CancellationToken.None))
        {
            await copy.DestroyAsync(CancellationToken.None);
            await copy.DisposeAsync();
        }
        Directory.Delete(_directory, recursive: true);
    }
}
