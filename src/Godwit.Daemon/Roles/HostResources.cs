using System.Globalization;
using Godwit.Host;

namespace Godwit.Daemon.Roles;

/// <summary>What this machine has to give.</summary>
/// <param name="askMemory">Who knows how much memory a further domain can have, in MiB.</param>
internal sealed class HostResources(Func<CancellationToken, Task<long>> askMemory) : IHostResources
{
    private const string Available = "MemAvailable:";

    public Task<long> AskAvailableMemoryMiBAsync(CancellationToken cancellationToken) => askMemory(cancellationToken);

    public Guid NewId() => Guid.NewGuid();

    /// <summary>What the kernel could give without swapping: MemAvailable of proc_meminfo(5), there in kB.</summary>
    public static async Task<long> AskKernelAsync(CancellationToken cancellationToken)
    {
        await foreach (var line in File.ReadLinesAsync("/proc/meminfo", cancellationToken))
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
