namespace Godwit.Daemon.Pki;

/// <summary>Files that only their owner may read, replaced whole or not at all.</summary>
internal static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        var part = path + ".part";
        File.Delete(part);
        using (var file = new FileStream(part, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = OwnerOnly,
        }))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }
        File.Move(part, path, overwrite: true);
    }

    public static void Write(string path, string text) => Write(path, System.Text.Encoding.UTF8.GetBytes(text));

    public static void CreateDirectory(string path) => Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
}
