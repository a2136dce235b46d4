using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Godwit.Native;

/// <summary>Passwords as /etc/shadow holds them, by the system's own crypt(3).</summary>
public static partial class PasswordHash
{
    /// <summary>crypt(5): SHA-512, which all guests understand.</summary>
    private const string Prefix = "$6$";
    private const nuint UsualRounds = 0;
    private const int CRYPT_GENSALT_OUTPUT_SIZE = 192;
    private static readonly Lock s_once = new();

    /// <summary>A new hash of a password, with a salt of its own.</summary>
    /// <exception cref="NativeException">The password has a byte that crypt(3) does not take, such as a zero.</exception>
    public static string Make(string password)
    {
        if (password.Contains('\0', StringComparison.Ordinal))
            throw new NativeException("crypt", Errno.EINVAL);
        Span<byte> random = stackalloc byte[16];
        RandomNumberGenerator.Fill(random);
        Span<byte> setting = stackalloc byte[CRYPT_GENSALT_OUTPUT_SIZE];
        if (crypt_gensalt_rn(Prefix, UsualRounds, random, random.Length, setting, setting.Length) == 0)
            throw new NativeException("crypt_gensalt", Marshal.GetLastPInvokeError());
        var text = System.Text.Encoding.ASCII.GetString(setting[..setting.IndexOf((byte)0)]);
        lock (s_once) // crypt(3) answers in a buffer of its own.
        {
            var hash = crypt(password, text);
            var said = hash == 0 ? null : Marshal.PtrToStringUTF8(hash);
            // A failure is a text that begins with an asterisk, so that no password fits it.
            return said is null || said.StartsWith('*') ? throw new NativeException("crypt", Marshal.GetLastPInvokeError()) : said;
        }
    }

    [LibraryImport("libcrypt.so.1", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint crypt_gensalt_rn(string prefix, nuint count, ReadOnlySpan<byte> random, int randomLength, Span<byte> output, int outputLength);

    [LibraryImport("libcrypt.so.1", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint crypt(string phrase, string setting);
}
