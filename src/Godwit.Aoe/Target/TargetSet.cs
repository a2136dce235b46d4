using System.Collections.Immutable;
using Godwit.Aoe.Control;
using Godwit.Aoe.Wire;
using Microsoft.Extensions.Logging;

namespace Godwit.Aoe.Target;

/// <summary>
/// The exports of one process. They have nothing in common but the process, so that one comes or goes without the others
/// noticing.
/// </summary>
/// <param name="openLink">Opens an interface for the requests to one export.</param>
/// <param name="logger">Takes what an administrator should know.</param>
public sealed class TargetSet(Func<string, ExportSettings, IFrameLink> openLink, ILogger logger) : IAsyncDisposable
{
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ImmutableSortedDictionary<AoeAddress, Served> _served = ImmutableSortedDictionary<AoeAddress, Served>.Empty;

    /// <summary>Fails when there are exports, and all of them have lost all of their interfaces; else it does not end.</summary>
    public Task Failed => _failed.Task;

    public IReadOnlyList<AoeTarget> All => [.. _served.Values.Select(served => served.Target)];

    /// <summary>Serves a disk from now on, beside those that are served.</summary>
    /// <exception cref="Domains.GodwitException">It cannot be served; the message says why and what to do.</exception>
    public async Task<AoeTarget> AddAsync(ExportOrder order, CancellationToken cancellationToken)
    {
        var settings = ExportOpening.Settings(order);
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_served.ContainsKey(settings.Address))
                throw new AoeControlException(AoeControlCode.BadRequest, $"{settings.Address} is exported here already.", "Remove it first, or take another address.");
            var served = Open(settings, order);
            _served = _served.Add(settings.Address, served);
            served.Target.Start();
            _ = served.Target.Ended.ContinueWith(
                _ => LookForFailure(), CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            return served.Target;
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Executes what has come in for an export, syncs it, and serves it no longer. Its state stays.</summary>
    /// <exception cref="AoeControlException">There is none of that address; or it is gone, and what was written may be lost.</exception>
    public async Task RemoveAsync(string device, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var target = Find(device);
            var address = target.Export.Settings.Address;
            var served = _served[address];
            _served = _served.Remove(address);
            var problem = await served.CloseAsync().ConfigureAwait(false);
            LookForFailure();
            if (problem is null) return;
            throw new AoeControlException(AoeControlCode.NotKept, $"{address} is served no longer, but what was written to it may be lost: {problem}",
                "See the kernel's log for the disk; compare the data before it is used.");
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Executes what has come in, syncs it, and serves nothing any more.</summary>
    /// <returns>Whether all that was written is on stable storage.</returns>
    public async Task<bool> CloseAsync()
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        try
        {
            var closing = _served.Values.Select(served => served.CloseAsync()).ToList();
            _served = _served.Clear();
            return Array.TrueForAll(await Task.WhenAll(closing).ConfigureAwait(false), problem => problem is null);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>The target of a device; of the only one there is where none is named.</summary>
    /// <exception cref="AoeControlException">There is none, or several and none was named.</exception>
    public AoeTarget Find(string? device)
    {
        var served = _served;
        if (device is null && served.Count == 1) return served.Values.First().Target;
        if (device is not null && AoeAddress.TryParse(device, out var address) && served.TryGetValue(address, out var found)) return found.Target;
        var known = served.IsEmpty ? "it exports nothing" : $"it exports {string.Join(", ", served.Keys)}";
        throw new AoeControlException(AoeControlCode.NoExport,
            device is null ? $"No device is named, and {known}." : $"{device} is not exported by this process; {known}.");
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        _changing.Dispose();
    }

    private void LookForFailure()
    {
        var ends = _served.Values.Select(served => served.Target.Ended).ToList();
        if (ends.Count > 0 && ends.TrueForAll(ended => ended.IsFaulted)) _failed.TrySetException(ends[0].Exception!.InnerExceptions);
    }

    private Served Open(ExportSettings settings, ExportOrder order)
    {
        var claim = ExportOpening.Claim(settings);
        List<IFrameLink> links = [];
        try
        {
            foreach (var name in order.Interfaces.Distinct()) links.Add(openLink(name, settings));
            if (order.Local is { } path) links.Add(LocalLink.Listen(path));
            return new Served(new AoeTarget(links, ExportOpening.Open(settings, order, logger), logger), claim);
        }
        catch
        {
            foreach (var link in links) link.Dispose();
            claim?.Dispose();
            throw;
        }
    }

    private sealed record Served(AoeTarget Target, FileStream? Claim)
    {
        public async Task<string?> CloseAsync()
        {
            var problem = await Target.CloseAsync().ConfigureAwait(false);
            if (Claim is not null) await Claim.DisposeAsync().ConfigureAwait(false);
            return problem;
        }
    }
}
