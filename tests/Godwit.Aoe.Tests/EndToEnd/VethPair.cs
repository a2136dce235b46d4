using System.Diagnostics;

namespace Godwit.Aoe.Tests.EndToEnd;

/// <summary>Two network namespaces joined by a veth pair with 9000-byte frames; all gone when disposed.</summary>
internal sealed class VethPair : IDisposable
{
    private static int _count;
    private readonly List<Process> _started = [];

    public VethPair()
    {
        var unique = $"gwt{Environment.ProcessId}x{Interlocked.Increment(ref _count)}";
        (Storage, Host) = (unique + "s", unique + "h");
        Sh("ip", "netns", "add", Storage);
        Sh("ip", "netns", "add", Host);
        AddCable("st0");
    }

    public string Storage { get; }

    public string Host { get; }

    /// <summary>Whether this machine lets the test make namespaces and has QEMU's tools.</summary>
    public static bool Possible => Environment.UserName == "root" && File.Exists("/usr/bin/qemu-io") && File.Exists("/usr/sbin/ip") | File.Exists("/sbin/ip");

    /// <summary>One more interface on each side, joined with the other.</summary>
    public void AddCable(string name)
    {
        Sh("ip", "link", "add", name, "netns", Storage, "type", "veth", "peer", "name", name, "netns", Host);
        foreach (var side in new[] { Storage, Host }) Sh("ip", "-n", side, "link", "set", name, "up", "mtu", "9000");
        // Until the kernel has seen that both are up, which it does in its own time, what is sent is lost.
        foreach (var side in new[] { Storage, Host })
        {
            for (var i = 0; i < 300 && RunIn(side, "cat", $"/sys/class/net/{name}/operstate").Output.Trim() != "up"; i++) Thread.Sleep(10);
        }
    }

    /// <summary>Runs to the end.</summary>
    public static (int Code, string Output) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    public static (int Code, string Output) RunIn(string side, string program, params string[] arguments) =>
        Run("ip", ["netns", "exec", side, program, .. arguments]);

    /// <summary>Starts a program that stays, and waits for a file that it makes when it is ready.</summary>
    public Process Start(string side, string readyFile, params string[] command)
    {
        var process = Process.Start(new ProcessStartInfo("ip", ["netns", "exec", side, .. command]))!;
        _started.Add(process);
        for (var i = 0; i < 200 && !File.Exists(readyFile); i++)
        {
            Assert.False(process.HasExited, $"{string.Join(' ', command)} ended");
            Thread.Sleep(50);
        }
        Assert.True(File.Exists(readyFile), $"{readyFile} did not appear");
        return process;
    }

    public void Dispose()
    {
        foreach (var process in _started)
        {
            if (!process.HasExited) process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
        foreach (var side in new[] { Storage, Host }) Run("ip", "netns", "del", side);
    }

    private static void Sh(string program, params string[] arguments)
    {
        var (code, output) = Run(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)}: {output}");
    }
}
