using Godwit.Machines.Tests.Pool;

namespace Godwit.Machines.Tests;

/// <summary>What the tests rely on: the machines are what they are taken for.</summary>
[Collection(PoolCollection.Name)]
public sealed class SiteTests(PoolFixture pool)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ResourceMachinesHaveRealKvmAndTheKernelsAoeDriver()
    {
        foreach (var machine in (Machine[])[pool.First, pool.Second])
        {
            Assert.Contains("kvm_amd", await machine.RunAsync("lsmod", Ct), StringComparison.Ordinal);
            await machine.RunAsync("test -c /dev/kvm && modprobe --dry-run aoe && systemctl is-active godwitd && test -d /sys/class/net/xenbr0/brif/eth0", Ct);
        }
    }

    [Fact]
    public async Task TheStorageNetworkPassesFramesOf9000Bytes()
    {
        foreach (var machine in (Machine[])[pool.Storage, pool.First, pool.Second])
            Assert.Equal("9000", (await machine.RunAsync("cat /sys/class/net/eth1/mtu", Ct)).Trim());
    }

    [Fact]
    public async Task ACommandThatFailsSaysWhatItSaid()
    {
        var failure = await Assert.ThrowsAsync<MachineException>(() => pool.Storage.RunAsync("echo so far; echo no further >&2; exit 3", Ct));
        Assert.Equal("storage: `echo so far; echo no further >&2; exit 3` ended with exit code 3:\nso far\nno further", failure.Message);
    }
}
