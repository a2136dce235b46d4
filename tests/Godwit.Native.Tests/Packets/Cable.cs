using System.Diagnostics;
using Godwit.Native.Packets;

namespace Godwit.Native.Tests.Packets;

/// <summary>A veth pair, gone when disposed.</summary>
internal sealed class Cable : IDisposable
{
    public const ushort EtherType = 0x88B5; // for local experiments, IEEE 802
    private readonly int _mtu;

    /// <param name="prefix">Of the names; one for each that is there at a time.</param>
    /// <param name="mtu">Of both ends.</param>
    public Cable(string prefix, int mtu)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root");
        var unique = $"{prefix}{Environment.ProcessId % 100000}";
        (A, B, _mtu) = (unique + "a", unique + "b", mtu);
        Make();
    }

    public string A { get; }

    public string B { get; }

    /// <summary>Takes both ends away and makes others of the same names.</summary>
    public void Remake()
    {
        Ip("link", "del", A);
        Make();
    }

    public void Dispose() => Ip("link", "del", A);

    public static byte[] Frame(PacketSocket from, PacketSocket to, int length, byte fill)
    {
        var frame = new byte[length];
        Array.Fill(frame, fill);
        to.Interface.Address.Span.CopyTo(frame);
        from.Interface.Address.Span.CopyTo(frame.AsSpan(6));
        frame[12] = EtherType >> 8;
        frame[13] = EtherType & 0xFF;
        return frame;
    }

    public static void Ip(params string[] arguments)
    {
        using var process = Process.Start("ip", arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private void Make()
    {
        Ip("link", "add", A, "type", "veth", "peer", "name", B);
        foreach (var side in new[] { A, B }) Ip("link", "set", side, "up");
        // Until the kernel has seen that both are up, which it does in its own time, what is sent is lost.
        foreach (var side in new[] { A, B })
        {
            for (var i = 0; i < 300 && File.ReadAllText($"/sys/class/net/{side}/operstate").Trim() != "up"; i++) Thread.Sleep(10);
            Ip("link", "set", side, "mtu", $"{_mtu}");
        }
    }
}
