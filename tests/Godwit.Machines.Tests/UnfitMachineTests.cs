using Godwit.Machines.Image;
using Godwit.Machines.Tests.Pool;
using Godwit.Native.Processes;

namespace Godwit.Machines.Tests;

/// <summary>Machines that do not come up say why, and leave nothing behind. Not while others boot, which has enough to do.</summary>
[Collection(PoolCollection.Name)]
public sealed class UnfitMachineTests
{
    private const string Name = "gwunfit";

    [Fact]
    public async Task AProcessorThatQemuDoesNotKnow()
    {
        var failure = await FailAsync(new MachineSpec("odd", "10.9.0.20") { Processor = "Abacus" });
        Assert.StartsWith("odd: QEMU ended with exit code 1: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Abacus", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMachineThatEndsByItself()
    {
        var failure = await FailAsync(new MachineSpec("small", "10.9.0.20") { MemoryMiB = 64 });
        Assert.StartsWith("small: QEMU ended with exit code 0: ; the last of its console:\n", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMachineThatTakesTooLongShowsItsConsole()
    {
        var failure = await FailAsync(new MachineSpec("slow", "10.9.0.20") { BootsWithin = TimeSpan.FromSeconds(1) });
        Assert.StartsWith("slow did not let anybody in within 1 s; the last of its console:", failure.Message, StringComparison.Ordinal);
    }

    private static async Task<MachineException> FailAsync(MachineSpec spec)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "machines need root, for their network");
        await MachineImage.GetAsync(ct: TestContext.Current.CancellationToken);
        var failure = await Assert.ThrowsAsync<MachineException>(
            () => MachineSite.StartAsync(Name, [spec], null, TestContext.Current.CancellationToken));
        Assert.False(File.Exists("/run/netns/" + Name));
        var left = await ProgramRunner.TryRunAsync(["pgrep", "-f", $"qemu-system-x86_64 -name {spec.Name} "]);
        Assert.Equal(1, left.ExitCode);
        return failure;
    }
}
