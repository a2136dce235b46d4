using System.Collections.Immutable;
using System.Globalization;
using Godwit.Domains;
using Godwit.Native;
using Godwit.Native.Files;
using Godwit.Native.Processes;
using Microsoft.Extensions.Logging;

namespace Godwit.Storage.Attachments;

/// <summary>
/// The kernel's driver <c>aoe</c>, by its files (Documentation/admin-guide/aoe):
/// <code>
///   /dev/etherd/discover     a write asks all targets who they are
///   /dev/etherd/revalidate   "e0.1": the target is asked again, for its size too; a device that was given up is up again
///   /dev/etherd/flush        "e0.1": the device is taken away
///   /sys/block/etherd!e0.1/  state ("up", "down"), size (sectors of 512 bytes), holders/
///   /sys/module/aoe/         there while it is loaded; parameters/aoe_iflist: the only interfaces it uses, if any are named
/// </code>
/// </summary>
/// <param name="interfaces">Interfaces of the storage network.</param>
/// <param name="time">Clock of the waits.</param>
/// <param name="log">Takes that the driver cannot be loaded.</param>
/// <param name="root">Where all those paths begin.</param>
/// <param name="modprobe">Program that loads a module, and knows of its dependencies.</param>
internal sealed class KernelDriver(
    ImmutableArray<string> interfaces, TimeProvider time, ILogger log, string root = "/", string modprobe = "modprobe") : IKernelDriver
{
    private static readonly TimeSpan FoundLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RevalidatedLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(250);

    private Task<bool>? _loading;

    public async Task<bool> IsThereAsync(CancellationToken cancellationToken) =>
        IsLoaded || (await (_loading ??= LoadAsync()).WaitAsync(cancellationToken) && IsLoaded);

    public string DeviceOf(string address) => Path.Combine(root, "dev/etherd", address);

    /// <summary>Whether the device serves requests, as far as the driver knows.</summary>
    public bool IsUp(string address) => Attribute(address, "state")?.StartsWith("up", StringComparison.Ordinal) == true && File.Exists(DeviceOf(address));

    public async Task FindAsync(string name, string address, long sizeBytes, CancellationToken cancellationToken)
    {
        if (!await IsThereAsync(cancellationToken))
        {
            throw new GodwitException(StorageErrors.AttachFailed, $"{name} could not be attached: this host's kernel has no driver aoe.",
                "Load it (`modprobe aoe`), or set [storage] driver = \"godwit\" in godwitd.toml.");
        }
        CheckInterfaces(name);
        if (!await UntilAsync("discover", "all", () => IsUp(address), FoundLimit, cancellationToken))
        {
            throw new GodwitException(
                StorageErrors.AttachFailed,
                $"{name} could not be attached: the kernel's driver aoe does not find {address} on {string.Join(" and ", interfaces)} within {FoundLimit.TotalSeconds} s.",
                $"See that the storage network is up: `godwit-aoe discover --interface {string.Join(" --interface ", interfaces)}` should list {address}.");
        }
        // One that it has known for long may have been resized since.
        if (SizeOf(address) != sizeBytes && !await UntilAsync("revalidate", address, () => SizeOf(address) == sizeBytes && IsUp(address), RevalidatedLimit, cancellationToken))
        {
            throw new GodwitException(
                StorageErrors.AttachFailed,
                $"{name} could not be attached: it has {sizeBytes} bytes, and {DeviceOf(address)} has {SizeOf(address)}.",
                $"See whether another target answers as {address}: `godwit-aoe discover --interface {string.Join(" --interface ", interfaces)}`.");
        }
    }

    public Task<bool> ReviveAsync(string address, CancellationToken cancellationToken) =>
        UntilAsync("revalidate", address, () => IsUp(address), RevalidatedLimit, cancellationToken);

    public void DropCache(string name, string path)
    {
        try
        {
            using var device = File.OpenHandle(path, share: FileShare.ReadWrite);
            PageCache.Drop(device);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GodwitException(StorageErrors.AttachFailed, $"{name}: {path} cannot be used: {e.Message}", "See the kernel's log.", e);
        }
    }

    public void Forget(string address)
    {
        var holders = Path.Combine(BlockOf(address), "holders");
        if (Directory.Exists(holders) && !Directory.EnumerateFileSystemEntries(holders).Any())
            Write("flush", address);
    }

    private bool IsLoaded => Directory.Exists(Path.Combine(root, "sys/module/aoe"));

    private async Task<bool> LoadAsync()
    {
        try
        {
            var result = await ProgramRunner.TryRunAsync([modprobe, "aoe", $"aoe_iflist={string.Join(',', interfaces)}"]);
            if (!result.Succeeded)
                Log.NoKernelDriver(log, result.Error.Trim());
            return result.Succeeded;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            Log.NoKernelDriver(log, e.Message);
            return false;
        }
    }

    private void CheckInterfaces(string name)
    {
        var list = Path.Combine(root, "sys/module/aoe/parameters/aoe_iflist");
        var used = File.Exists(list) ? File.ReadAllText(list).Split([' ', ',', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries) : [];
        if (used.Length == 0 || interfaces.Any(used.Contains))
            return;
        throw new GodwitException(
            StorageErrors.AttachFailed,
            $"{name} could not be attached: the kernel's driver aoe is told to use {string.Join(" and ", used)} only, and the storage network is on {string.Join(" and ", interfaces)}.",
            $"Tell it otherwise: `aoe-interfaces {string.Join(' ', interfaces)}`.");
    }

    // Asked again and again, for a frame may be lost, and a device that is just being taken away hears of no target.
    private async Task<bool> UntilAsync(string file, string word, Func<bool> done, TimeSpan limit, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        long? asked = null;
        while (!done())
        {
            if (time.GetElapsedTime(began) > limit)
                return false;
            if (asked is not { } last || time.GetElapsedTime(last) > AskAgain)
            {
                Write(file, word);
                asked = time.GetTimestamp();
            }
            await Task.Delay(LookAgain, time, cancellationToken);
        }
        return true;
    }

    private void Write(string file, string word)
    {
        try
        {
            using var stream = new FileStream(
                Path.Combine(root, "dev/etherd", file), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            // With the zero at its end: the driver compares as many characters as it is given, and "e0.1" begins "e0.10" too.
            stream.Write([.. System.Text.Encoding.ASCII.GetBytes(word), 0]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What was to come of it is looked for all the same, and its absence is the error that tells more.
            Log.KernelDriverRefused(log, file, word, e);
        }
    }

    private long SizeOf(string address) =>
        long.TryParse(Attribute(address, "size"), NumberStyles.None, CultureInfo.InvariantCulture, out var sectors) ? sectors * 512 : 0;

    private string? Attribute(string address, string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(BlockOf(address), name)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // There is no such device, or it is just being taken away.
            return null;
        }
    }

    private string BlockOf(string address) => Path.Combine(root, "sys/block", "etherd!" + address);
}
