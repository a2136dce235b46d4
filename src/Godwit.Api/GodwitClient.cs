using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Godwit.Domains;

namespace Godwit.Api;

/// <summary>
/// The API as typed calls. Every refusal, and a daemon that does not answer, is an <see cref="ApiException"/>.
/// </summary>
public sealed class GodwitClient(HttpMessageInvoker http, Uri address, string? targetHost = null) : IDisposable
{
    private static readonly TimeSpan RestartLimit = TimeSpan.FromSeconds(20), RestartLook = TimeSpan.FromMilliseconds(20);
    private readonly ApiTransport _transport = new(http, address, targetHost);

    /// <summary>A client over the local daemon's socket. Nothing is connected before the first call.</summary>
    /// <param name="path">Path of the socket.</param>
    /// <param name="targetHost">Host of the pool that the calls are for; null for the one with the socket.</param>
    public static GodwitClient OverSocket(string path, string? targetHost = null) =>
        new(new HttpMessageInvoker(SocketHandlers.ForUnixSocket(path)), SocketHandlers.LocalAddress, targetHost);

    public void Dispose() => _transport.Dispose();

    public Task<HostInfo> GetHostAsync(CancellationToken cancellationToken) =>
        _transport.GetAsync(ApiRoutes.Host, GodwitJson.Default.HostInfo, cancellationToken);

    public Task<ImmutableArray<HostInfo>> ListHostsAsync(CancellationToken cancellationToken) =>
        _transport.GetAsync(ApiRoutes.Hosts, GodwitJson.Default.ImmutableArrayHostInfo, cancellationToken);

    public Task<HostFacts> GetHostFactsAsync(CancellationToken cancellationToken) =>
        _transport.GetAsync(ApiRoutes.HostFacts, GodwitJson.Default.HostFacts, cancellationToken);

    /// <summary>Has the asked host look whether it is fit for its part.</summary>
    public Task<HostCheckReport> CheckHostAsync(CancellationToken cancellationToken) =>
        _transport.GetAsync(ApiRoutes.HostCheck, GodwitJson.Default.HostCheckReport, cancellationToken);

    /// <summary>Has every host of the pool look whether it is fit.</summary>
    public Task<ImmutableArray<HostCheckReport>> CheckHostsAsync(CancellationToken cancellationToken) =>
        _transport.GetAsync(ApiRoutes.HostsCheck, GodwitJson.Default.ImmutableArrayHostCheckReport, cancellationToken);

    /// <summary>Whether the asked host reaches the port of another one.</summary>
    public Task<ReachAnswer> ReachHostAsync(string name, CancellationToken cancellationToken) =>
        _transport.GetAsync(ApiRoutes.Fill(ApiRoutes.HostReach, name), GodwitJson.Default.ReachAnswer, cancellationToken);

    /// <summary>All domains of the pool.</summary>
    public Task<ImmutableArray<DomainInfo>> ListDomainsAsync(CancellationToken cancellationToken) =>
        ListDomainsAsync(hostOnly: false, cancellationToken);

    /// <summary>All domains of the pool, or those of the asked host; refused where some may be missing.</summary>
    public async Task<ImmutableArray<DomainInfo>> ListDomainsAsync(bool hostOnly, CancellationToken cancellationToken) =>
        (await _transport.ListAsync(Scoped(ApiRoutes.Domains, hostOnly), GodwitJson.Default.ImmutableArrayDomainInfo, cancellationToken)
            .ConfigureAwait(false)).Whole();

    /// <summary>The domains of the pool as far as they are known while the registry may be away.</summary>
    public Task<Listing<DomainInfo>> ListKnownDomainsAsync(CancellationToken cancellationToken) =>
        _transport.ListAsync(ApiRoutes.Domains, GodwitJson.Default.ImmutableArrayDomainInfo, cancellationToken);

    public Task<DomainInfo> GetDomainAsync(string name, CancellationToken cancellationToken) =>
        _transport.GetAsync(ApiRoutes.Fill(ApiRoutes.Domain, name), GodwitJson.Default.DomainInfo, cancellationToken);

    /// <summary>Creates a domain on the host that is asked, and starts it.</summary>
    public Task<DomainInfo> CreateDomainAsync(CreateDomainRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync(
            ApiRoutes.Domains, request, GodwitJson.Default.CreateDomainRequest, GodwitJson.Default.DomainInfo, cancellationToken);

    public Task DoAsync(string name, DomainVerb verb, CancellationToken cancellationToken) =>
        _transport.PostAsync(
            ApiRoutes.Fill(ApiRoutes.DomainVerb, name, JsonNamingPolicy.KebabCaseLower.ConvertName(verb.ToString())), cancellationToken);

    /// <summary>Begins to write the memory of a domain to a file of its host; at the end nothing of it runs.</summary>
    public Task<JobInfo> SaveDomainAsync(string name, CancellationToken cancellationToken) =>
        _transport.PostAsync(ApiRoutes.Fill(ApiRoutes.DomainSave, name), GodwitJson.Default.JobInfo, cancellationToken);

    /// <summary>Begins to let a saved domain go on.</summary>
    public Task<JobInfo> RestoreDomainAsync(string name, RestoreDomainRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync(
            ApiRoutes.Fill(ApiRoutes.DomainRestore, name),
            request, GodwitJson.Default.RestoreDomainRequest, GodwitJson.Default.JobInfo, cancellationToken);

    /// <summary>
    /// Gives a running domain other memory, for good. Returns at once with what it has by then; the guest takes its time.
    /// </summary>
    public Task<DomainInfo> SetMemoryAsync(string name, int mib, CancellationToken cancellationToken) =>
        _transport.PostAsync(ApiRoutes.Fill(ApiRoutes.DomainMemory, name), new SetMemoryRequest(mib),
            GodwitJson.Default.SetMemoryRequest, GodwitJson.Default.DomainInfo, cancellationToken);

    /// <summary>The same for its processors.</summary>
    public Task<DomainInfo> SetVirtualCpusAsync(string name, int count, CancellationToken cancellationToken) =>
        _transport.PostAsync(ApiRoutes.Fill(ApiRoutes.DomainVirtualCpus, name), new SetVirtualCpusRequest(count),
            GodwitJson.Default.SetVirtualCpusRequest, GodwitJson.Default.DomainInfo, cancellationToken);

    /// <summary>
    /// Gives a domain whose owner is gone for good to another host: the asked one, or the one that holds its memory. Returns
    /// once the registry says so; the domain is settled there afterwards.
    /// </summary>
    public Task<TakeOverInfo> TakeOverAsync(string name, TakeOverRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync(
            ApiRoutes.Fill(ApiRoutes.DomainTakeOver, name),
            request, GodwitJson.Default.TakeOverRequest, GodwitJson.Default.TakeOverInfo, cancellationToken);

    /// <summary>Attaches to a domain's console. What was printed before comes first.</summary>
    public Task<Stream> OpenConsoleAsync(string name, CancellationToken cancellationToken) =>
        _transport.OpenWebSocketAsync(ApiRoutes.Fill(ApiRoutes.DomainConsole, name), cancellationToken);

    /// <summary>Begins to move a domain. Returns when it has begun; <see cref="MigrationEventsAsync"/> tells how it goes on.</summary>
    public Task<MigrationInfo> MigrateAsync(string name, MigrateRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync(
            ApiRoutes.Fill(ApiRoutes.DomainMigrations, name),
            request, GodwitJson.Default.MigrateRequest, GodwitJson.Default.MigrationInfo, cancellationToken);

    public Task<ImmutableArray<MigrationInfo>> ListMigrationsAsync(CancellationToken cancellationToken) =>
        ListMigrationsAsync(hostOnly: false, cancellationToken);

    public Task<ImmutableArray<MigrationInfo>> ListMigrationsAsync(bool hostOnly, CancellationToken cancellationToken) =>
        _transport.GetAsync(Scoped(ApiRoutes.Migrations, hostOnly), GodwitJson.Default.ImmutableArrayMigrationInfo, cancellationToken);

    /// <summary>The relocations of the pool as far as they are known while the registry may be away.</summary>
    public Task<Listing<MigrationInfo>> ListKnownMigrationsAsync(CancellationToken cancellationToken) =>
        _transport.ListAsync(ApiRoutes.Migrations, GodwitJson.Default.ImmutableArrayMigrationInfo, cancellationToken);

    public Task<MigrationInfo> GetMigrationAsync(Guid id, CancellationToken cancellationToken) =>
        _transport.GetAsync(ApiRoutes.Fill(ApiRoutes.Migration, id.ToString()), GodwitJson.Default.MigrationInfo, cancellationToken);

    /// <summary>All events so far, then those to come. The last one has the result; without it, the line broke.</summary>
    public IAsyncEnumerable<MigrationEvent> MigrationEventsAsync(Guid id, CancellationToken cancellationToken) =>
        _transport.LinesAsync(ApiRoutes.Fill(ApiRoutes.MigrationEvents, id.ToString()), GodwitJson.Default.MigrationEvent, cancellationToken);

    /// <summary>Asks a relocation to end with the domain where it is; refused as <c>too-late</c> once it has been handed over or has ended.</summary>
    public Task CancelMigrationAsync(Guid id, CancellationToken cancellationToken) =>
        _transport.PostAsync(ApiRoutes.Fill(ApiRoutes.MigrationCancel, id.ToString()), cancellationToken);

    public Task<ImmutableArray<VolumeInfo>> ListVolumesAsync(CancellationToken cancellationToken) =>
        _transport.GetAsync(ApiRoutes.Volumes, GodwitJson.Default.ImmutableArrayVolumeInfo, cancellationToken);

    /// <summary>Makes an empty volume on a storage host of the pool and exports it.</summary>
    public Task<VolumeInfo> CreateVolumeAsync(CreateVolumeRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync(
            ApiRoutes.Volumes, request, GodwitJson.Default.CreateVolumeRequest, GodwitJson.Default.VolumeInfo, cancellationToken);

    /// <summary>One volume with who uses it.</summary>
    public Task<VolumeDetails> GetVolumeAsync(string group, string volume, CancellationToken cancellationToken) =>
        _transport.GetAsync(ApiRoutes.Fill(ApiRoutes.Volume, group, volume), GodwitJson.Default.VolumeDetails, cancellationToken);

    /// <summary>Removes a volume with its data; refused as <c>volume-in-use</c> while a domain has it.</summary>
    public Task DeleteVolumeAsync(string group, string volume, CancellationToken cancellationToken) =>
        _transport.SendAsync(HttpMethod.Delete, ApiRoutes.Fill(ApiRoutes.Volume, group, volume), cancellationToken);

    /// <summary>Begins to give a volume another size; a guest that runs on it sees it grow.</summary>
    public Task<JobInfo> ResizeVolumeAsync(string group, string volume, ResizeVolumeRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync(
            ApiRoutes.Fill(ApiRoutes.VolumeResize, group, volume), request, GodwitJson.Default.ResizeVolumeRequest, GodwitJson.Default.JobInfo, cancellationToken);

    /// <summary>Begins to make a volume of what another one holds.</summary>
    public Task<JobInfo> CopyVolumeAsync(string group, string volume, CopyVolumeRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync(
            ApiRoutes.Fill(ApiRoutes.VolumeCopies, group, volume), request, GodwitJson.Default.CopyVolumeRequest, GodwitJson.Default.JobInfo, cancellationToken);

    /// <summary>Begins to write what a volume holds to a file of its storage host.</summary>
    public Task<JobInfo> ExportVolumeAsync(string group, string volume, ExportVolumeRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync(
            ApiRoutes.Fill(ApiRoutes.VolumeExport, group, volume), request, GodwitJson.Default.ExportVolumeRequest, GodwitJson.Default.JobInfo, cancellationToken);

    /// <summary>The groups of the storage host that is asked.</summary>
    public Task<ImmutableArray<VolumeGroupInfo>> ListVolumeGroupsAsync(CancellationToken cancellationToken) =>
        _transport.GetAsync(ApiRoutes.VolumeGroups, GodwitJson.Default.ImmutableArrayVolumeGroupInfo, cancellationToken);

    public Task<VolumeGroupInfo> AddVolumeGroupAsync(AddVolumeGroupRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync(
            ApiRoutes.VolumeGroups, request, GodwitJson.Default.AddVolumeGroupRequest, GodwitJson.Default.VolumeGroupInfo, cancellationToken);

    /// <summary>Has a group forgotten that has no volumes of the pool; what else lies there stays.</summary>
    public Task RemoveVolumeGroupAsync(string group, CancellationToken cancellationToken) =>
        _transport.SendAsync(HttpMethod.Delete, ApiRoutes.Fill(ApiRoutes.VolumeGroup, group), cancellationToken);

    /// <summary>What a disk's target is on the host that is asked.</summary>
    public Task<DiskCheck> CheckDiskAsync(CheckDiskRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync(ApiRoutes.DiskCheck, request, GodwitJson.Default.CheckDiskRequest, GodwitJson.Default.DiskCheck, cancellationToken);

    /// <summary>The images of the pool, or of the asked host.</summary>
    public Task<ImmutableArray<ImageInfo>> ListImagesAsync(bool hostOnly, CancellationToken cancellationToken) =>
        _transport.GetAsync(Scoped(ApiRoutes.Images, hostOnly), GodwitJson.Default.ImmutableArrayImageInfo, cancellationToken);

    public Task<ImageInfo> GetImageAsync(string name, CancellationToken cancellationToken) =>
        _transport.GetAsync(ApiRoutes.Fill(ApiRoutes.Image, name), GodwitJson.Default.ImageInfo, cancellationToken);

    public Task DeleteImageAsync(string name, CancellationToken cancellationToken) =>
        _transport.SendAsync(HttpMethod.Delete, ApiRoutes.Fill(ApiRoutes.Image, name), cancellationToken);

    /// <summary>Begins to build an image on a storage host.</summary>
    public Task<JobInfo> BuildImageAsync(BuildImageRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync(ApiRoutes.Images, request, GodwitJson.Default.BuildImageRequest, GodwitJson.Default.JobInfo, cancellationToken);

    /// <summary>Sends a disk to a storage host, which then begins to make an image of it.</summary>
    public Task<JobInfo> ImportImageAsync(string name, HttpContent content, string? sha256, CancellationToken cancellationToken) =>
        _transport.UploadAsync(
            ApiRoutes.Fill(ApiRoutes.ImageContent, name) + (sha256 is null ? "" : $"?sha256={Uri.EscapeDataString(sha256)}"),
            content, GodwitJson.Default.JobInfo, cancellationToken);

    /// <summary>Begins to make the disks of a guest, on the host with the image.</summary>
    public Task<JobInfo> MakeGuestVolumesAsync(string image, GuestVolumesRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync(
            ApiRoutes.Fill(ApiRoutes.ImageVolumes, image),
            request, GodwitJson.Default.GuestVolumesRequest, GodwitJson.Default.JobInfo, cancellationToken);

    /// <summary>Begins to create a domain of an image on the host that is asked.</summary>
    public Task<JobInfo> CreateGuestAsync(string image, CreateGuestRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync(
            ApiRoutes.Fill(ApiRoutes.ImageDomains, image),
            request, GodwitJson.Default.CreateGuestRequest, GodwitJson.Default.JobInfo, cancellationToken);

    /// <summary>Jobs of the asked host, under way and lately ended.</summary>
    public Task<ImmutableArray<JobInfo>> ListJobsAsync(CancellationToken cancellationToken) =>
        _transport.GetAsync(ApiRoutes.Jobs, GodwitJson.Default.ImmutableArrayJobInfo, cancellationToken);

    public Task<JobInfo> GetJobAsync(Guid id, CancellationToken cancellationToken) =>
        _transport.GetAsync(ApiRoutes.Fill(ApiRoutes.Job, id.ToString()), GodwitJson.Default.JobInfo, cancellationToken);

    /// <summary>How a job stands, and each change from now on. The last one has the result; without it, the line broke.</summary>
    public IAsyncEnumerable<JobEvent> JobEventsAsync(Guid id, CancellationToken cancellationToken) =>
        _transport.LinesAsync(ApiRoutes.Fill(ApiRoutes.JobEvents, id.ToString()), GodwitJson.Default.JobEvent, cancellationToken);

    /// <summary>Asks a job to end and to undo what it has done; its events tell when it has.</summary>
    public Task CancelJobAsync(Guid id, CancellationToken cancellationToken) =>
        _transport.PostAsync(ApiRoutes.Fill(ApiRoutes.JobCancel, id.ToString()), cancellationToken);

    public Task<PoolInfo> PoolStatusAsync(CancellationToken cancellationToken) =>
        _transport.GetAsync(ApiRoutes.Pool, GodwitJson.Default.PoolInfo, cancellationToken);

    /// <summary>As <see cref="PoolStatusAsync"/>, once the host can be used: it listens, and the registry has it; or a while has passed.</summary>
    public Task<PoolInfo> PoolReadyAsync(CancellationToken cancellationToken) =>
        _transport.GetAsync(ApiRoutes.PoolReady, GodwitJson.Default.PoolInfo, cancellationToken);

    /// <summary>Makes a new pool of the asked host.</summary>
    public Task<PoolInfo> PoolInitAsync(CancellationToken cancellationToken) => PoolInitAsync(new PoolInitRequest(), cancellationToken);

    public async Task<PoolInfo> PoolInitAsync(PoolInitRequest request, CancellationToken cancellationToken) => await SettledAsync(
        await _transport.PostAsync(
            ApiRoutes.PoolInit, request, GodwitJson.Default.PoolInitRequest, GodwitJson.Default.PoolInfo, cancellationToken).ConfigureAwait(false),
        cancellationToken).ConfigureAwait(false);

    /// <summary>Makes a token with which one host may join.</summary>
    public async Task<PoolToken> PoolTokenAsync(CancellationToken cancellationToken) =>
        await _transport.PostAsync(ApiRoutes.PoolTokens, GodwitJson.Default.PoolToken, cancellationToken).ConfigureAwait(false);

    public async Task<PoolExcuse> PoolExcuseAsync(string host, CancellationToken cancellationToken) =>
        await _transport.PostAsync(ApiRoutes.Fill(ApiRoutes.PoolExcuse, host), GodwitJson.Default.PoolExcuse, cancellationToken).ConfigureAwait(false);

    /// <summary>Lets the asked host join a pool.</summary>
    public async Task<PoolInfo> PoolJoinAsync(PoolJoinRequest request, CancellationToken cancellationToken) => await SettledAsync(
        await _transport.PostAsync(
            ApiRoutes.PoolJoin, request, GodwitJson.Default.PoolJoinRequest, GodwitJson.Default.PoolInfo, cancellationToken).ConfigureAwait(false),
        cancellationToken).ConfigureAwait(false);

    /// <summary>Asks a member for a certificate; what a joining host's daemon does.</summary>
    public Task<PoolMembership> PoolMemberAsync(PoolMemberRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync(
            ApiRoutes.PoolMembers, request, GodwitJson.Default.PoolMemberRequest, GodwitJson.Default.PoolMembership, cancellationToken);

    /// <summary>Waits for a daemon that begins anew as a member.</summary>
    private async Task<PoolInfo> SettledAsync(PoolInfo pool, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        while (pool.Restarting)
        {
            try
            {
                pool = await PoolReadyAsync(cancellationToken).ConfigureAwait(false);
            }
            // Its socket is away, or still that of the daemon that ends, which is no member.
            catch (ApiException) when (Stopwatch.GetElapsedTime(began) < RestartLimit)
            {
                await Task.Delay(RestartLook, cancellationToken).ConfigureAwait(false);
            }
        }
        return pool;
    }

    private static string Scoped(string path, bool hostOnly) => hostOnly ? $"{path}?{ApiRoutes.HostScope}" : path;
}
