using Godwit.Host.Save;

namespace Godwit.Simulation.World;

/// <summary>A host's files of saved memory: what was kept outlives the daemon and the power, what was being written does not.</summary>
internal sealed class SimSaved : ISavedStore
{
    private readonly Dictionary<string, byte[]> _files = [];

    public string Place => "the host's disk";

    public long FreeBytes => long.MaxValue;

    public IReadOnlyList<string> List() => [.. _files.Keys];

    public ISavedSink Create(string domain) => new Sink(_files, domain);

    public Stream? Open(string domain) => _files.TryGetValue(domain, out var bytes) ? new MemoryStream(bytes, writable: false) : null;

    public void Remove(string domain) => _files.Remove(domain);

    private sealed class Sink(Dictionary<string, byte[]> files, string domain) : ISavedSink
    {
        private readonly MemoryStream _written = new();

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => _written.WriteAsync(bytes, cancellationToken);

        public Task KeepAsync(CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            files[domain] = _written.ToArray();
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => _written.DisposeAsync();
    }
}
