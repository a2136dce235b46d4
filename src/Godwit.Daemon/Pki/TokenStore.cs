using System.Collections.Immutable;
using System.Text.Json;
using Godwit.Domains;

namespace Godwit.Daemon.Pki;

/// <summary>The tokens that are good still, by the hashes of their secrets, in a file.</summary>
internal sealed class TokenStore(string path, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);
    private readonly Lock _lock = new();

    /// <returns>When it expires.</returns>
    public DateTimeOffset Add(JoinToken token)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var entry = new TokenEntry(token.SecretHash, now + Lifetime);
            // Those that expired are kept for a while, so that a late user hears what is wrong.
            Write([.. Read().Where(e => e.Expires > now - Lifetime), entry]);
            return entry.Expires;
        }
    }

    /// <summary>Uses a token up.</summary>
    /// <exception cref="GodwitException">It is unknown, used or expired.</exception>
    public void Redeem(JoinToken token)
    {
        lock (_lock)
        {
            var entries = Read();
            if (entries.FirstOrDefault(e => e.Hash == token.SecretHash) is not { } entry)
                throw new GodwitException("bad-token", "The pool does not know this token, or it was used before.", "Make a new one with `godwit pool token`.");
            Write(entries.Remove(entry));
            if (entry.Expires <= time.GetUtcNow())
                throw new GodwitException("token-expired", $"The token expired at {entry.Expires:u}.", "Make a new one with `godwit pool token`; it is good for an hour.");
        }
    }

    private ImmutableArray<TokenEntry> Read() => File.Exists(path)
        ? JsonSerializer.Deserialize(File.ReadAllBytes(path), DaemonJson.Default.ImmutableArrayTokenEntry)
        : [];

    private void Write(ImmutableArray<TokenEntry> entries) =>
        PrivateFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(entries, DaemonJson.Default.ImmutableArrayTokenEntry));
}

internal sealed record TokenEntry(string Hash, DateTimeOffset Expires);
