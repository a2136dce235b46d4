using System.Runtime.InteropServices;

namespace Godwit.Native.Processes;

/// <summary>The certificate authorities that the machine trusts.</summary>
public static partial class SystemCertificates
{
    private const string Nowhere = "/nonexistent";

    /// <summary>
    /// Has this process know none of them. Otherwise .NET reads them all, some 140, as it judges its first certificate, also where
    /// only a CA of its own counts, and keeps them: about 1 MiB. Programs that this one starts have them as before. For the start
    /// of a program, before it has threads.
    /// </summary>
    public static void Ignore()
    {
        // What programs are started with is copied by this call, without what is set below for OpenSSL.
        _ = Environment.GetEnvironmentVariables();
        _ = setenv("SSL_CERT_DIR", Nowhere, overwrite: 1);
        _ = setenv("SSL_CERT_FILE", Nowhere, overwrite: 1);
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
