using System.Collections.Immutable;
using System.Text.Json.Serialization.Metadata;
using Godwit.Aoe.Control;
using Godwit.Api;
using Godwit.Daemon.Transport;
using Godwit.Domains;
using Godwit.Pool;
using Godwit.Storage.Groups;
using Godwit.Storage.Volumes;

namespace Godwit.Daemon.Volumes;

/// <summary>The storage hosts of the pool, over their API; one that is this host itself is asked the same way.</summary>
internal sealed class RemoteVolumes(IRegistry registry, PeerConnections peers) : IVolumeEndpoints
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    public async Task<ImmutableArray<VolumeLocation>> ListAsync(CancellationToken cancellationToken) =>
    [
        .. (await registry.ListVolumesAsync(cancellationToken)).Select(volume =>
            new VolumeLocation(
                volume.Name, volume.SizeBytes, volume.StorageHost, volume.Shelf, volume.Slot, volume.LiesOn, volume.SharedGroup)),
    ];

    public async Task<int> AdmitAsync(
        VolumeLocation volume, ImmutableArray<MacAddress> macs, bool sessionless, CancellationToken cancellationToken) =>
        (await AskAsync(volume, (storage, token) => storage.PostAsync(
            Path(ApiRoutes.VolumeAdmit, volume), new AdmitRequest(macs, sessionless),
            DaemonJson.Default.AdmitRequest, DaemonJson.Default.AdmitAnswer, token), cancellationToken)).Session;

    public async Task<long> FenceAsync(VolumeLocation volume, long epoch, int session, CancellationToken cancellationToken) =>
        (await AskAsync(volume, (storage, token) => storage.PostAsync(
            Path(ApiRoutes.VolumeFence, volume), new FenceRequest(epoch, session),
            DaemonJson.Default.FenceRequest, DaemonJson.Default.FenceAnswer, token), cancellationToken)).PreviousEpoch;

    public Task ReleaseAsync(VolumeLocation volume, int session, CancellationToken cancellationToken) =>
        TellAsync(volume, ApiRoutes.VolumeRelease, new ReleaseRequest(session), DaemonJson.Default.ReleaseRequest, cancellationToken);

    public IGroupEndpoints OfGroup(VolumeLocation device) => new RemoteGroup(device, this);

    public Task ProbeAsync(VolumeLocation volume, CancellationToken cancellationToken) =>
        AskAsync(volume, async (storage, token) =>
        {
            using var _ = await storage.OpenAsync(Path(ApiRoutes.VolumeProbe, volume), token);
            return true;
        }, cancellationToken);

    /// <summary>Sends something that is answered by nothing.</summary>
    private Task<bool> TellAsync<T>(VolumeLocation volume, string route, T body, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        AskAsync(volume, async (storage, token) =>
        {
            await storage.SendAsync(HttpMethod.Post, Path(route, volume), body, type, token);
            return true;
        }, cancellationToken);

    private static string Path(string route, VolumeLocation volume) => ApiRoutes.Fill(route, volume.Name.Group, volume.Name.Volume);

    private async Task<T> AskAsync<T>(VolumeLocation volume, Func<ApiTransport, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            return await call(peers.Transport(volume.StorageHost), limit.Token);
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new GodwitException(
                ApiException.HostUnreachable,
                $"{volume.StorageHost}, which serves {volume.Name}, does not answer within {AnswerLimit.TotalSeconds} s.",
                $"See that {volume.StorageHost} and its godwitd run.", e);
        }
    }

    /// <summary>The storage host of an exported volume, for a host that shares the group on it.</summary>
    private sealed class RemoteGroup(VolumeLocation device, RemoteVolumes volumes) : IGroupEndpoints
    {
        public Task<int> AdmitAsync(ImmutableArray<MacAddress> macs, CancellationToken cancellationToken) =>
            volumes.AdmitAsync(device, macs, sessionless: true, cancellationToken);

        public async Task<long> FenceAsync(long epoch, int session, ImmutableArray<SectorRange> sectors, bool free, CancellationToken cancellationToken) =>
            (await volumes.AskAsync(device, (storage, token) => storage.PostAsync(
                Path(ApiRoutes.VolumeFence, device), new FenceRequest(epoch, session, sectors, free),
                DaemonJson.Default.FenceRequest, DaemonJson.Default.FenceAnswer, token), cancellationToken)).PreviousEpoch;

        public Task ReturnAsync(int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) => volumes.TellAsync(
            device, ApiRoutes.VolumeReturn, new SectorsRequest(session, sectors), DaemonJson.Default.SectorsRequest, cancellationToken);

        public Task ReleaseAsync(int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) => volumes.TellAsync(
            device, ApiRoutes.VolumeRelease, new ReleaseRequest(session, sectors), DaemonJson.Default.ReleaseRequest, cancellationToken);

        public Task ForgetAsync(int session, ImmutableArray<SectorRange> sectors, CancellationToken cancellationToken) => volumes.TellAsync(
            device, ApiRoutes.VolumeForget, new SectorsRequest(session, sectors), DaemonJson.Default.SectorsRequest, cancellationToken);

        public Task SettleAsync(ImmutableArray<GroupVolume> layout, CancellationToken cancellationToken) => volumes.TellAsync(
            device, ApiRoutes.VolumeShared, new LayoutRequest(layout), DaemonJson.Default.LayoutRequest, cancellationToken);

        public Task ReleaseAsync(int session, CancellationToken cancellationToken) => volumes.ReleaseAsync(device, session, cancellationToken);

        public Task ProbeAsync(CancellationToken cancellationToken) => volumes.ProbeAsync(device, cancellationToken);
    }
}
