using Godwit.Domains;

namespace Godwit.Storage.Images.Guests;

/// <summary>The keys by which a guest's SSH server is known: made here, so that they can be told to whoever asked for the guest.</summary>
/// <param name="Files">Private and public keys, for /etc/ssh.</param>
/// <param name="Fingerprint">Of the one that clients take first, as <c>SHA256:…</c>.</param>
internal sealed record HostKeys(IReadOnlyList<GuestFile> Files, string Fingerprint)
{
    /// <summary>What is made, the one first that clients take first.</summary>
    public static readonly string[] Types = ["ed25519", "ecdsa"];

    public static async Task<HostKeys> MakeAsync(string hostName, CancellationToken ct)
    {
        var directory = Directory.CreateTempSubdirectory("godwit-keys-").FullName; // Nobody else may look into it.
        try
        {
            List<GuestFile> files = [];
            foreach (var type in Types)
            {
                var name = $"ssh_host_{type}_key";
                var path = Path.Combine(directory, name);
                await RunAsync(["ssh-keygen", "-q", "-t", type, "-N", "", "-C", $"root@{hostName}", "-f", path], ct).ConfigureAwait(false);
                files.Add(new($"/etc/ssh/{name}", await File.ReadAllTextAsync(path, ct).ConfigureAwait(false), GuestFile.Secret));
                files.Add(new($"/etc/ssh/{name}.pub", await File.ReadAllTextAsync(path + ".pub", ct).ConfigureAwait(false)));
            }
            // "256 SHA256:… comment (ED25519)"
            var shown = await RunAsync(["ssh-keygen", "-l", "-f", Path.Combine(directory, $"ssh_host_{Types[0]}_key.pub")], ct).ConfigureAwait(false);
            return new HostKeys(files, shown.Split(' ')[1]);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static Task<string> RunAsync(string[] arguments, CancellationToken ct) => ImagePrograms.RunAsync(
        "openssh-client", arguments, said => new GodwitException("no-host-keys", $"The guest's SSH host keys cannot be made: {said}"), null, ct);
}
