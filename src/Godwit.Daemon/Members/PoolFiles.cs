using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Godwit.Daemon.Pki;
using Godwit.Domains;

namespace Godwit.Daemon.Members;

/// <summary>
/// Membership on disk: <c>pool.json</c> and, in <c>pki/</c>, <c>authority.crt</c>, <c>host.crt</c>, <c>host.key</c> and, on
/// the host that made the pool, <c>authority.key</c>. <c>pool.json</c> is written last: with it the host is a member.
/// </summary>
internal sealed class PoolFiles(string stateDirectory, TimeProvider time)
{
    private readonly string _pki = Path.Combine(stateDirectory, "pki");

    private string Record => Path.Combine(stateDirectory, "pool.json");

    /// <summary>The membership that an earlier daemon left; null when there is none.</summary>
    /// <exception cref="GodwitException">The files are damaged.</exception>
    public PoolIdentity? Load()
    {
        if (!File.Exists(Record))
            return null;
        try
        {
            var pool = JsonSerializer.Deserialize(File.ReadAllBytes(Record), DaemonJson.Default.PoolFile)!;
            var certificate = X509Certificate2.CreateFromPemFile(PathOf("host.crt"), PathOf("host.key"));
            return new PoolIdentity(pool, X509CertificateLoader.LoadCertificateFromFile(PathOf("authority.crt")), certificate);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or JsonException)
        {
            throw new GodwitException(
                "damaged-membership", $"This host's membership cannot be read: {e.Message}",
                $"Restore {Record} and {_pki} from a backup, or remove them and join again.", e);
        }
    }

    /// <summary>The CA with its key, where this host keeps it.</summary>
    public PoolAuthority? LoadAuthority() => File.Exists(PathOf("authority.key"))
        ? new PoolAuthority(X509Certificate2.CreateFromPemFile(PathOf("authority.crt"), PathOf("authority.key")), time)
        : null;

    public void SaveAuthority(PoolAuthority authority)
    {
        Create();
        using var key = authority.Certificate.GetECDsaPrivateKey()!;
        PrivateFile.Write(PathOf("authority.key"), key.ExportPkcs8PrivateKeyPem());
    }

    public PoolIdentity Save(PoolFile pool, X509Certificate2 authority, X509Certificate2 certificate, ECDsa key)
    {
        Create();
        PrivateFile.Write(PathOf("authority.crt"), authority.ExportCertificatePem());
        PrivateFile.Write(PathOf("host.key"), key.ExportPkcs8PrivateKeyPem());
        PrivateFile.Write(PathOf("host.crt"), certificate.ExportCertificatePem());
        PrivateFile.Write(Record, JsonSerializer.SerializeToUtf8Bytes(pool, DaemonJson.Default.PoolFile));
        return Load()!;
    }

    private void Create()
    {
        Directory.CreateDirectory(stateDirectory);
        PrivateFile.CreateDirectory(_pki);
    }

    private string PathOf(string name) => Path.Combine(_pki, name);
}
