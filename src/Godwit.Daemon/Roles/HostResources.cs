using System.Globalization;
using Godwit.Host;

namespace Godwit.Daemon.Roles;

/// <summary>What this machine has to give.</summary>
/// <param name="askMemory">Who knows how much memory a further domain can have: asked for so much, in MiB, and answering in it.</param>
internal sealed class HostResources(Func<long, CancellationToken, Task<long>> askMemory) : IHostResources
{
    public Task<long> AskAvailableMemoryMiBAsync(long wantedMiB, CancellationToken cancellationToken) => askMemory(wantedMiB, cancellationToken);

    public Guid NewId() => Guid.NewGuid();

    /// <summary>What the kernel could give without swapping. Of an engine that has ended it has all at once.</summary>
    public static Task<long> AskKernelAsync(long wantedMiB, CancellationToken cancellationToken) => Task.FromResult(ReadMemory("MemAvailable:"));

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
