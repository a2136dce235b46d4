using System.Collections.Immutable;
using System.ComponentModel;
using System.Globalization;
using Godwit.Domains;
using Godwit.Native.Processes;

namespace Godwit.Hypervisors.Xen.Toolstack;

/// <summary>
/// Xen's toolstack, by its program: one method for each thing that is asked of it. A domain is named by its id, which no
/// other domain gets before the host is booted again.
/// </summary>
internal sealed class Xl(string program)
{
    private readonly Lock _listing = new();
    private Task<ImmutableArray<XlDomain>> _list = Task.FromResult<ImmutableArray<XlDomain>>([]);
    private Task<ImmutableArray<XlDomain>>? _next;

    public string Program => program;

    public async Task<XlInfo> InfoAsync(CancellationToken cancellationToken) =>
        XlInfo.Read(await RunAsync("ask Xen what it is", ["info"], cancellationToken));

    /// <summary>
    /// All domains, as they are when this is called or a moment later. Those who ask while a list is being made share the
    /// next one: it costs a process.
    /// </summary>
    public Task<ImmutableArray<XlDomain>> ListAsync(CancellationToken cancellationToken)
    {
        lock (_listing) return (_next ??= ListAfterAsync(_list)).WaitAsync(cancellationToken);
    }

    public async Task<XlDomain?> FindAsync(int id, CancellationToken cancellationToken) =>
        (await ListAsync(cancellationToken)).FirstOrDefault(domain => domain.Id == id);

    /// <summary>Makes a domain that is paused before its first instruction, and that nobody but us follows.</summary>
    public Task CreateAsync(string configFile, CancellationToken cancellationToken) =>
        RunAsync("start the domain", ["create", "-p", "-e", "-q", configFile], cancellationToken);

    public Task PauseAsync(int id, CancellationToken cancellationToken) => RunAsync("pause the domain", ["pause", Text(id)], cancellationToken);

    /// <summary>Lets it run; where it is not paused that changes nothing.</summary>
    public Task UnpauseAsync(int id, CancellationToken cancellationToken) => RunAsync("unpause the domain", ["unpause", Text(id)], cancellationToken);

    /// <summary>Returns at once; the guest's balloon takes its time.</summary>
    public Task SetMemoryAsync(int id, int mib, CancellationToken cancellationToken) =>
        RunAsync("change the memory of the domain", ["mem-set", Text(id), Text(mib)], cancellationToken);

    /// <summary>Returns at once. Also more than the host has: that was said, and taken, when the domain was created.</summary>
    public Task SetVirtualCpusAsync(int id, int count, CancellationToken cancellationToken) =>
        RunAsync("change the processors of the domain", ["vcpu-set", "--ignore-host", Text(id), Text(count)], cancellationToken);

    /// <summary>By the guest's Xen drivers, or by ACPI where it has none.</summary>
    public Task ShutdownAsync(int id, CancellationToken cancellationToken) => RunAsync("shut the domain down", ["shutdown", "-F", Text(id)], cancellationToken);

    /// <inheritdoc cref="ShutdownAsync"/>
    public Task RebootAsync(int id, CancellationToken cancellationToken) => RunAsync("reboot the domain", ["reboot", "-F", Text(id)], cancellationToken);

    public Task DestroyAsync(int id, CancellationToken cancellationToken) => RunAsync("destroy the domain", ["destroy", Text(id)], cancellationToken);

    private async Task<ImmutableArray<XlDomain>> ListAfterAsync(Task before)
    {
        // Also where the one before failed.
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (_listing) (_list, _next) = (_next!, null);
        return XlDomain.ReadList(await RunAsync("list the domains", ["list", "-v"], CancellationToken.None));
    }

    private async Task<string> RunAsync(string what, string[] arguments, CancellationToken cancellationToken)
    {
        ProgramResult result;
        try
        {
            result = await ProgramRunner.TryRunAsync([program, .. arguments], ct: cancellationToken);
        }
        catch (Win32Exception e)
        {
            throw new GodwitException("engine-missing", $"{program} cannot be started: {e.Message}.", "Install Xen's tools (Debian: apt-get install xen-utils).", e);
        }
        return result.Succeeded
            ? result.Output
            : throw new GodwitException("engine-failed", $"Xen does not {what}: {XlErrors.Sum(result.Error.Length > 0 ? result.Error : result.Output)}");
    }

    private static string Text(int id) => id.ToString(CultureInfo.InvariantCulture);
}
