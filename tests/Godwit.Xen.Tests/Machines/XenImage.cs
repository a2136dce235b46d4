using Godwit.Native.Processes;
using Godwit.Storage.Images;

namespace Godwit.Xen.Tests.Machines;

/// <summary>What the emulated machines boot from: made once by <c>tests/xen/make-image</c>, which says what it has.</summary>
internal sealed record XenImage(string Directory)
{
    public string Hypervisor => Path.Combine(Directory, "xen");

    public string Kernel => Path.Combine(Directory, "vmlinuz");

    /// <summary>For guests.</summary>
    public string GuestKernel => Path.Combine(Directory, "vmlinux");

    public string Ramdisk => Path.Combine(Directory, "initrd");

    public string Root => Path.Combine(Directory, "root.ext4");

    public static async Task<XenImage> GetAsync(IProgress<string> progress, CancellationToken ct)
    {
        var scripts = Path.Combine(SourceTree.Root, "tests", "xen");
        var files = System.IO.Directory.GetFiles(scripts, "*", SearchOption.AllDirectories).Where(IsOfImage).Order(StringComparer.Ordinal);
        var recipe = new List<string> { await File.ReadAllTextAsync("/etc/os-release", ct) };
        foreach (var file in files) recipe.Add(await File.ReadAllTextAsync(file, ct));
        return new XenImage(await new ImageCache().GetAsync("xen-machine", recipe, async (directory, token) =>
        {
            progress.Report("building the image of the Xen machines, once: Debian by mmdebstrap, its hypervisor and kernel (2 to 4 minutes)");
            await ProgramRunner.RunAsync([Path.Combine(scripts, "make-image"), directory], null, token);
        }, ct));

        bool IsOfImage(string file) => Path.GetFileName(file) == "make-image" || Path.GetFileName(Path.GetDirectoryName(file)!) == "machine";
    }
}
