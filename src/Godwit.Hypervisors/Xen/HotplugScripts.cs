using System.Reflection;
using Godwit.Native.Files;

namespace Godwit.Hypervisors.Xen;

/// <summary>
/// The scripts that Xen's toolstack runs for Godwit's domains, as files of this host. Their paths are part of a domain and
/// the same on every host.
/// </summary>
internal sealed class HotplugScripts(string directory)
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Interface => Path.Combine(directory, "vif");

    public string Disk => Path.Combine(directory, "block");

    /// <summary>Keeps a sending xl's descriptors.</summary>
    public string Hold => Path.Combine(directory, "hold");

    /// <summary>Runs a receiving xl, and keeps the other ends of its pipes.</summary>
    public string Receive => Path.Combine(directory, "receive");

    /// <summary>Has xl resume a guest.</summary>
    public string Resume => Path.Combine(directory, "resume");

    public static HotplugScripts Install(XenOptions options)
    {
        var directory = Path.Combine(options.RunDirectory, "scripts");
        PrivateDirectory.Ensure(options.RunDirectory);
        PrivateDirectory.Ensure(directory);
        var scripts = new HotplugScripts(directory);
        foreach (var path in (string[])[scripts.Interface, scripts.Disk, scripts.Hold, scripts.Receive, scripts.Resume])
        {
            // In one step: an older one may be just about to be run.
            File.WriteAllBytes(path + ".new", Read(Path.GetFileName(path)));
            File.SetUnixFileMode(path + ".new", Mode);
            File.Move(path + ".new", path, overwrite: true);
        }
        return scripts;
    }

    private static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("xen/" + name)
            ?? throw new ArgumentException($"no such script: {name}", nameof(name));
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
