namespace Godwit.Host.Save;

/// <summary>Where a host keeps the memory of its saved domains: one file for each, of the domain's name.</summary>
public interface ISavedStore
{
    /// <summary>Where that is, for a person.</summary>
    string Place { get; }

    /// <summary>Bytes that can still be written there.</summary>
    /// <exception cref="IOException">It cannot be asked.</exception>
    long FreeBytes { get; }

    /// <summary>Domains of which there is a file.</summary>
    IReadOnlyList<string> List();

    /// <summary>Begins a file, which takes the place of one that is there once it is kept.</summary>
    ISavedSink Create(string domain);

    /// <summary>Opens the file, of which length and position can be asked; null where there is none.</summary>
    Stream? Open(string domain);

    /// <summary>Removes the file. One that is not there is no error.</summary>
    void Remove(string domain);
}

/// <summary>A file that is being written. Disposing removes what was not kept.</summary>
public interface ISavedSink : IAsyncDisposable
{
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>When it returns, all that was written is on stable storage, under the domain's name.</summary>
    Task KeepAsync(CancellationToken cancellationToken);
}
