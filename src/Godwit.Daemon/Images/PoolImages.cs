using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Daemon.Config;
using Godwit.Daemon.Members;
using Godwit.Daemon.Queries;
using Godwit.Daemon.Transport;
using Godwit.Domains;
using Godwit.Storage.Images.Library;

namespace Godwit.Daemon.Images;

/// <summary>The images of the pool's storage hosts, which are asked all at once and for a short time.</summary>
internal sealed class PoolImages(DaemonConfig config, Membership membership, ImageHost own, PeerDirectory directory, PeerConnections peers)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    public async Task<ImmutableArray<ImageInfo>> ListAsync(CancellationToken cancellationToken) => (await AskAsync(cancellationToken)).Images;

    /// <summary>An image by its name; where several hosts have one of that name, this host's own comes first.</summary>
    /// <exception cref="GodwitException">There is no such image, as far as is known.</exception>
    public async Task<ImageInfo> FindAsync(string name, CancellationToken cancellationToken)
    {
        ImageName.Parse(name);
        if (own.List().FirstOrDefault(image => image.Name == name) is { } here)
            return here;
        var (images, silent) = await AskAsync(cancellationToken);
        if (images.FirstOrDefault(image => image.Name == name) is { } found)
            return found;
        throw silent is { } host
            ? new GodwitException(
                ApiException.HostUnreachable, $"Nobody who answers has an image {name}, and {host} does not answer.", $"See that {host} and its godwitd run.")
            : ImageLibrary.NoSuch(name, images.Select(image => image.Name));
    }

    private async Task<(ImmutableArray<ImageInfo> Images, string? Silent)> AskAsync(CancellationToken cancellationToken)
    {
        if (membership.Current is null)
            return (own.List(), null);
        var hosts = (await directory.ListAsync(cancellationToken)).Where(host => host.Name != config.Name && host.Roles.Contains(Role.Storage));
        var answers = await Task.WhenAll(hosts.Select(host => AskAsync(host.Name, cancellationToken)));
        return (
            [.. own.List().Concat(answers.SelectMany(answer => answer.Images)).OrderBy(image => image.Name, StringComparer.Ordinal)],
            answers.FirstOrDefault(answer => answer.Silent is not null).Silent);
    }

    private async Task<(ImmutableArray<ImageInfo> Images, string? Silent)> AskAsync(string host, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            return (await peers.Client(host).ListImagesAsync(hostOnly: true, limit.Token), null);
        }
        catch (Exception e) when (PeerFailure.IsOne(e, cancellationToken))
        {
            return ([], host);
        }
    }
}
