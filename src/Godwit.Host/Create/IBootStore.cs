using Godwit.Relocation.Destination;

namespace Godwit.Host.Create;

/// <summary>
/// Kernels and ramdisks by content. A domain is started from the copy kept here, so that it boots the same on every
/// host, whatever becomes of the file it was created from.
/// </summary>
public interface IBootStore
{
    /// <summary>Takes a file of this host in. Returns its SHA-256 in lower-case hexadecimal.</summary>
    /// <exception cref="Domains.GodwitException">There is no such file.</exception>
    Task<string> AddAsync(string path, CancellationToken cancellationToken);

    /// <summary>Path of the content, or null where this host does not have it.</summary>
    string? Find(string digest);

    IBootFileSink Create(string digest, long length);
}
