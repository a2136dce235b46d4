using System.Globalization;
using Godwit.Aoe.Tests.EndToEnd;

namespace Godwit.Aoe.Tests.Peers;

/// <summary>fio writes blocks of all sizes at random places of an NBD export, and reads each back.</summary>
internal static class Fio
{
    public static void Verify(string url, int depth, string size)
    {
        var (code, output) = VethPair.Run(
            "fio", "--name=verify", "--ioengine=nbd", $"--uri={url}", "--rw=randwrite", $"--size={size}",
            "--bssplit=512/20:4k/40:64k/30:1m/10", $"--iodepth={depth.ToString(CultureInfo.InvariantCulture)}",
            "--verify=crc32c", "--verify_fatal=1", "--do_verify=1", "--randrepeat=0", "--fsync=64", "--output-format=terse", "--eta=never");
        Assert.True(code == 0 && !output.Contains("verify:", StringComparison.Ordinal), output);
    }
}
