using System.Globalization;
using Godwit.Host;

namespace Godwit.Daemon.Roles;

/// <summary>What this machine has to give.</summary>
internal sealed class HostResources : IHostResources
{
    private const string Available = "MemAvailable:";

    /// <summary>What the kernel could give without swapping: MemAvailable of proc_meminfo(5), there in kB.</summary>
    public long AvailableMemoryMiB
    {
        get
        {
            foreach (var line in File.ReadLines("/proc/meminfo"))
            {
                if (line.StartsWith(Available, StringComparison.Ordinal))
                {
                    var number = line.AsSpan(Available.Length).Trim();
                    return long.Parse(number[..number.IndexOf(' ')], CultureInfo.InvariantCulture) / 1024;
                }
            }
            throw new InvalidOperationException("/proc/meminfo has no line MemAvailable.");
        }
    }

    public Guid NewId() => Guid.NewGuid();
}
