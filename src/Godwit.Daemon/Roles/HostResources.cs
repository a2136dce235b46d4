using System.Globalization;
using Godwit.Host;

namespace Godwit.Daemon.Roles;

/// <summary>What this machine has to give.</summary>
/// <param name="askMemory">Who knows how much memory a further domain can have, in MiB.</param>
internal sealed class HostResources(Func<CancellationToken, Task<long>> askMemory) : IHostResources
{
    public Task<long> AskAvailableMemoryMiBAsync(CancellationToken cancellationToken) => askMemory(cancellationToken);

    public Guid NewId() => Guid.NewGuid();

    /// <summary>What the kernel could give without swapping.</summary>
    public static Task<long> AskKernelAsync(CancellationToken cancellationToken) => Task.FromResult(ReadMemory("MemAvailable:"));

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
