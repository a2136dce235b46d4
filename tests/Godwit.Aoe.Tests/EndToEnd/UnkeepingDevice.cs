namespace Godwit.Aoe.Tests.EndToEnd;

/// <summary>A block device of 16 MiB whose file has room for 2: writes go well, and the sync of them does not.</summary>
internal sealed class UnkeepingDevice : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public UnkeepingDevice()
    {
        Sh("mount", "-t", "tmpfs", "-o", "size=2m", "none", _directory.Path);
        Sh("truncate", "-s", "16M", _directory.File("file"));
        Path = Sh("losetup", "-f", "--show", _directory.File("file")).Trim();
    }

    public static bool Possible => Environment.UserName == "root" && VethPair.Run("losetup", "-f").Code == 0;

    public string Path { get; }

    public void Dispose()
    {
        VethPair.Run("losetup", "-d", Path);
        // The loop device lets go of its file later, when nobody has it open any more.
        VethPair.Run("umount", "-l", _directory.Path);
        _directory.Dispose();
    }

    private static string Sh(string program, params string[] arguments)
    {
        var (code, output) = VethPair.Run(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)}: {output}");
        return output;
    }
}
