using System.Globalization;
using Godwit.Host;

namespace Godwit.Daemon.Roles;

/// <summary>What this machine has to give.</summary>
internal sealed class HostResources : IHostResources
{
    /// <summary>What the kernel could give without swapping.</summary>
    public long AvailableMemoryMiB => ReadMemory("MemAvailable:");

    public Guid NewId() => Guid.NewGuid();

    /// <summary>A line of proc_meminfo(5), there in kB; here in MiB.</summary>
    public static long ReadMemory(string word)
    {
        foreach (var line in File.ReadLines("/proc/meminfo"))
        {
            if (line.StartsWith(word, StringComparison.Ordinal))
            {
                var number = line.AsSpan(word.Length).Trim();
                return long.Parse(number[..number.IndexOf(' ')], CultureInfo.InvariantCulture) / 1024;
            }
        }
        throw new InvalidOperationException($"/proc/meminfo has no line {word}");
    }
}
