using Godwit.Api;
using Godwit.Daemon.Config;

namespace Godwit.Daemon.Checks;

/// <summary>
/// Whether guests run on the processor itself. The device alone says little: it is there, too, where the kernel emulates
/// virtualization in software, far slower than QEMU emulates a processor.
/// </summary>
internal sealed class KvmCheck(DaemonConfig config) : IHostCheck
{
    private const string Device = "/dev/kvm";
    private static readonly Finder Says = new("kvm");

    public string Name => Says.Check;

    public async Task<IEnumerable<HostFinding>> RunAsync(CheckRound round, CancellationToken cancellationToken) =>
        config.Has(Role.Compute) ? [Judge(await File.ReadAllTextAsync("/proc/cpuinfo", cancellationToken), TryOpen())] : [];

    /// <param name="cpuInfo">Text of /proc/cpuinfo.</param>
    /// <param name="device">What came of opening /dev/kvm.</param>
    internal static HostFinding Judge(string cpuInfo, KvmDevice device)
    {
        const string Emulated = "guests are emulated, many times slower";
        var flags = cpuInfo.Split('\n').FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal)) ?? "";
        if (flags.Split(' ', '\t').FirstOrDefault(flag => flag is "vmx" or "svm") is not { } flag)
        {
            return Says.Warning(
                $"The processor shows neither vmx nor svm{(device == KvmDevice.Opens ? $", although {Device} is there" : "")}: {Emulated}.",
                "Switch virtualization on in the firmware's setup; in a virtual machine, let the host below pass it on (nested virtualization).");
        }
        var module = flag == "vmx" ? "kvm_intel" : "kvm_amd";
        return device switch
        {
            KvmDevice.Opens => Says.Ok($"KVM works: the processor has {flag}, and {Device} opens."),
            KvmDevice.Denied => Says.Warning(
                $"{Device} may not be opened: {Emulated}.", "Run godwitd as root, or as a user in the group kvm."),
            KvmDevice.Fails => Says.Warning(
                $"{Device} is there but does not open: {Emulated}.", $"modprobe -r {module}; modprobe {module}; dmesg says what is wrong."),
            _ => Says.Warning(
                $"The processor has {flag}, but there is no {Device}: {Emulated}.", $"modprobe {module}; if that is refused, the firmware has switched {flag} off."),
        };
    }

    private static KvmDevice TryOpen()
    {
        try
        {
            File.OpenHandle(Device, FileMode.Open, FileAccess.ReadWrite).Dispose();
            return KvmDevice.Opens;
        }
        catch (FileNotFoundException)
        {
            return KvmDevice.Missing;
        }
        catch (UnauthorizedAccessException)
        {
            return KvmDevice.Denied;
        }
        catch (IOException)
        {
            return KvmDevice.Fails;
        }
    }
}

/// <summary>What came of opening /dev/kvm.</summary>
internal enum KvmDevice
{
    Opens = 1,
    Missing,
    Denied,
    Fails,
}
