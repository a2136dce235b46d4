using System.Diagnostics;

namespace Godwit.Storage.Tests.EndToEnd;

/// <summary>Namespaces of a storage host and two others on one bridge; all gone when disposed.</summary>
internal sealed class StorageNetwork : IDisposable
{
    private readonly string _unique = $"gws{Environment.ProcessId}";

    public StorageNetwork()
    {
        Sh("netns", "add", Storage);
        Sh("-n", Storage, "link", "add", "st0", "mtu", "9000", "type", "bridge");
        Sh("-n", Storage, "link", "set", "st0", "up");
        foreach (var host in new[] { First, Second })
        {
            Sh("netns", "add", host);
            var port = host == First ? "p1" : "p2";
            Sh("link", "add", port, "netns", Storage, "mtu", "9000", "type", "veth", "peer", "name", "st0", "netns", host);
            Sh("-n", Storage, "link", "set", port, "master", "st0", "up");
            Sh("-n", host, "link", "set", "st0", "up", "mtu", "9000");
        }
    }

    public static bool Possible => Environment.UserName == "root" && File.Exists("/usr/bin/qemu-io") && File.Exists("/usr/sbin/ip") | File.Exists("/sbin/ip");

    public string Storage => _unique + "s";

    public string First => _unique + "a";

    public string Second => _unique + "b";

    public static (int Code, string Output) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    public static string MacOf(string side) => Run("ip", "netns", "exec", side, "cat", "/sys/class/net/st0/address").Output.Trim();

    public void Dispose()
    {
        // Whatever a failed test left running in them: the namespaces are this test's alone.
        foreach (var side in new[] { First, Second, Storage })
        {
            foreach (var pid in Run("ip", "netns", "pids", side).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                Run("kill", "-KILL", pid);
            Run("ip", "netns", "del", side);
        }
    }

    private static void Sh(params string[] arguments)
    {
        var (code, output) = Run("ip", arguments);
        Assert.True(code == 0, $"ip {string.Join(' ', arguments)}: {output}");
    }
}
