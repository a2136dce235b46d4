using System.Collections.Immutable;
using System.Net;
using Godwit.Api;
using Godwit.Daemon.Members;
using Godwit.Daemon.Transport;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Pool.Restoration;

namespace Godwit.Daemon.Registry;

/// <summary>
/// The registry of another host. Every failure to get an answer is <see cref="RegistryErrors.Unavailable"/>, and says
/// nothing about what the registry did.
/// </summary>
internal sealed class RemoteRegistry(Membership membership, PeerConnections peers) : IRegistry
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    public Task<DomainRecord?> FindAsync(string domain, CancellationToken cancellationToken) =>
        AskAsync(async (registry, token) =>
        {
            try
            {
                return await registry.GetAsync(
                    ApiRoutes.Fill(ApiRoutes.RegistryDomain, domain), DaemonJson.Default.DomainRecord, token);
            }
            catch (ApiException e) when (e.Status == HttpStatusCode.NotFound && e.Code == NoSuchRecord)
            {
                return (DomainRecord?)null;
            }
        }, cancellationToken);

    public Task<ImmutableArray<DomainRecord>> ListAsync(CancellationToken cancellationToken) =>
        AskAsync((registry, token) => registry.GetAsync(
            ApiRoutes.RegistryDomains, DaemonJson.Default.ImmutableArrayDomainRecord, token), cancellationToken);

    public Task<CompareAndSetResult> CompareAndSetAsync(
        DomainRecord next, long expectedRevision, bool drawEpoch, CancellationToken cancellationToken) =>
        AskAsync((registry, token) => registry.SendAsync(
            HttpMethod.Put, ApiRoutes.Fill(ApiRoutes.RegistryDomain, next.Name),
            new CompareAndSetRequest(next, expectedRevision, drawEpoch),
            DaemonJson.Default.CompareAndSetRequest, DaemonJson.Default.CompareAndSetResult, token), cancellationToken);

    public Task<CompareAndSetResult> RemoveAsync(string domain, long expectedRevision, CancellationToken cancellationToken) =>
        AskAsync((registry, token) => registry.SendAsync(
            HttpMethod.Delete, $"{ApiRoutes.Fill(ApiRoutes.RegistryDomain, domain)}?expectedRevision={expectedRevision}",
            DaemonJson.Default.CompareAndSetResult, token), cancellationToken);

    public Task<long> DrawEpochAsync(CancellationToken cancellationToken) =>
        AskAsync(async (registry, token) => (await registry.SendAsync(
            HttpMethod.Post, ApiRoutes.RegistryEpochs, DaemonJson.Default.DrawnEpoch, token)).Epoch, cancellationToken);

    public Task<ImmutableArray<HostRecord>> ListHostsAsync(CancellationToken cancellationToken) =>
        AskAsync((registry, token) => registry.GetAsync(
            ApiRoutes.RegistryHosts, DaemonJson.Default.ImmutableArrayHostRecord, token), cancellationToken);

    public Task PutHostAsync(HostRecord host, CancellationToken cancellationToken) =>
        AskAsync((registry, token) => registry.SendAsync(
            HttpMethod.Put, ApiRoutes.Fill(ApiRoutes.RegistryHost, host.Name), host, DaemonJson.Default.HostRecord, token), cancellationToken);

    public Task<ImmutableArray<VolumeRecord>> ListVolumesAsync(CancellationToken cancellationToken) =>
        AskAsync((registry, token) => registry.GetAsync(
            ApiRoutes.RegistryVolumes, DaemonJson.Default.ImmutableArrayVolumeRecord, token), cancellationToken);

    public Task PutVolumeAsync(VolumeRecord volume, CancellationToken cancellationToken) =>
        AskAsync((registry, token) => registry.SendAsync(
            HttpMethod.Put, ApiRoutes.Fill(ApiRoutes.RegistryVolume, volume.Name.Group, volume.Name.Volume),
            volume, DaemonJson.Default.VolumeRecord, token), cancellationToken);

    public Task RemoveVolumeAsync(VolumeName volume, string storageHost, CancellationToken cancellationToken) =>
        AskAsync((registry, token) => registry.SendAsync(
            HttpMethod.Delete, ApiRoutes.Fill(ApiRoutes.RegistryVolume, volume.Group, volume.Volume), token), cancellationToken);

    public Task<ImmutableArray<string>> ReportAsync(HostReport report, CancellationToken cancellationToken) =>
        AskAsync((registry, token) => registry.SendAsync(
            HttpMethod.Post, ApiRoutes.RegistryReports, report,
            DaemonJson.Default.HostReport, DaemonJson.Default.ImmutableArrayString, token), cancellationToken);

    public Task<long> ProbeAsync(CancellationToken cancellationToken) =>
        AskAsync(async (registry, token) =>
            (await registry.GetAsync(ApiRoutes.RegistryProbe, DaemonJson.Default.RegistryProbe, token)).Revision, cancellationToken);

    /// <summary>Code of the answer that there is no such record; tells it from a daemon that has no such route.</summary>
    public const string NoSuchRecord = "no-such-record";

    private Task<bool> AskAsync(Func<ApiTransport, CancellationToken, Task> call, CancellationToken cancellationToken) =>
        AskAsync(async (registry, token) =>
        {
            await call(registry, token);
            return true;
        }, cancellationToken);

    private async Task<T> AskAsync<T>(Func<ApiTransport, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        var pool = membership.Require().Pool;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            return await call(peers.Transport(pool.RegistryHost), limit.Token);
        }
        catch (ApiException e) when (e.Code == RegistryErrors.Behind)
        {
            throw new GodwitException(RegistryErrors.Behind, e.Message, e.Remedy, e);
        }
        catch (ApiException e) when (e.Status is null or >= HttpStatusCode.InternalServerError)
        {
            throw Unavailable(pool, e.Message, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unavailable(pool, $"no answer within {AnswerLimit.TotalSeconds} s", e);
        }
        catch (IOException e)
        {
            throw Unavailable(pool, e.Message, e);
        }
    }

    private static GodwitException Unavailable(PoolFile pool, string why, Exception inner) => new(
        RegistryErrors.Unavailable,
        $"The registry at {pool.RegistryHost} ({pool.RegistryAddress}) is away: {why}",
        $"See that {pool.RegistryHost} and its godwitd run; what runs goes on meanwhile.",
        inner);
}

/// <summary>An epoch of the pool's counter, which nobody else gets.</summary>
internal sealed record DrawnEpoch(long Epoch);

/// <summary>Body of a change of a record.</summary>
internal sealed record CompareAndSetRequest(DomainRecord Next, long ExpectedRevision, bool DrawEpoch);
