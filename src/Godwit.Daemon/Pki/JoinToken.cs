using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Godwit.Domains;

namespace Godwit.Daemon.Pki;

/// <summary>
/// What a user carries from a member to a host that is to join:
/// <code>
///   gw1-  base64url( secret: 24 bytes | public key of the pool's CA, P-256: X 32 bytes, Y 32 bytes )
/// </code>
/// The key is what the joining host knows the pool by before it says anything to it; a point of P-256 is short enough
/// that no hash has to stand for it.
/// </summary>
internal sealed record JoinToken(byte[] Secret, ECPoint AuthorityKey)
{
    private const string Prefix = "gw1-";
    private const int SecretLength = 24;
    private const int CoordinateLength = 32;

    public static JoinToken Draw(X509Certificate2 authority)
    {
        using var key = authority.GetECDsaPublicKey()!;
        return new JoinToken(RandomNumberGenerator.GetBytes(SecretLength), key.ExportParameters(false).Q);
    }

    /// <exception cref="GodwitException">The text is not a token.</exception>
    public static JoinToken Parse(string text)
    {
        var bytes = new byte[SecretLength + 2 * CoordinateLength];
        text = text.Trim();
        if (!text.StartsWith(Prefix, StringComparison.Ordinal)
            || !Base64Url.IsValid(text.AsSpan(Prefix.Length))
            || !Base64Url.TryDecodeFromChars(text.AsSpan(Prefix.Length), bytes, out var length) || length != bytes.Length)
        {
            throw new GodwitException(
                "bad-token", "That is not a token of a pool.", "Copy all of what `godwit pool token` printed on a member.");
        }
        return new JoinToken(
            bytes[..SecretLength],
            new ECPoint
            {
                X = bytes[SecretLength..(SecretLength + CoordinateLength)],
                Y = bytes[(SecretLength + CoordinateLength)..],
            });
    }

    public override string ToString() => Prefix + Base64Url.EncodeToString([.. Secret, .. AuthorityKey.X!, .. AuthorityKey.Y!]);

    /// <exception cref="GodwitException">The key is no point of the curve.</exception>
    public ECDsa OpenAuthorityKey()
    {
        try
        {
            return ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = AuthorityKey });
        }
        catch (CryptographicException e)
        {
            throw new GodwitException("bad-token", "The token was damaged on its way.", "Copy it again.", e);
        }
    }

    /// <summary>What the pool keeps of it.</summary>
    public string SecretHash => Convert.ToHexStringLower(SHA256.HashData(Secret));
}
