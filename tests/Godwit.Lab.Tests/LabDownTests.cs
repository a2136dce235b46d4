using Godwit.Domains;
using Godwit.Native.Processes;

namespace Godwit.Lab.Tests;

/// <summary>Nothing may stay behind, however the lab ended. Needs root.</summary>
[Collection("lab")]
public sealed class LabDownTests : IAsyncLifetime
{
    private const string Name = "gwdown";
    private static readonly LabSpec Spec = LabSpec.WithResources(1, Name) with { StartDaemons = false };

    public ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a lab needs root");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (Environment.IsPrivilegedProcess) await Lab.DownAsync(Name);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task DownLeavesNothingBehind()
    {
        var mountsBefore = await File.ReadAllTextAsync("/proc/self/mounts");
        var lab = await Lab.UpAsync(Spec);
        await lab.RunAsync("storage", ["sh", "-c", "setsid sleep 1000 > /dev/null 2>&1 < /dev/null &"]);
        var inside = ProcessIdentity.InsideHost($"/run/netns/{Name}-storage");
        Assert.NotEmpty(inside);
        await Lab.DownAsync(Name);
        AssertGone(lab.Paths);
        Assert.DoesNotContain(inside, p => p.IsAlive);
        Assert.All(lab.MountPoints, d => Assert.False(Directory.Exists(d), d));
        Assert.Equal(WithoutNetns(mountsBefore), WithoutNetns(await File.ReadAllTextAsync("/proc/self/mounts")));
    }

    [Fact]
    public async Task DownClearsALabWhoseRecordIsLost()
    {
        var lab = await Lab.UpAsync(Spec);
        var inside = ProcessIdentity.InsideHost($"/run/netns/{Name}-storage");
        Assert.NotEmpty(inside);
        var record = await LabState.ReadAsync(lab.Paths, CancellationToken.None);
        File.Delete(lab.Paths.StateFile);
        await Lab.DownAsync(Name);
        AssertGone(lab.Paths);
        // Without its record nobody knows that these empty directories were the lab's: it leaves them.
        LabFiles.Remove(lab.Paths, record!.MountPoints);
        Assert.DoesNotContain(inside, p => p.IsAlive);
    }

    [Fact]
    public async Task DownClearsALabWithoutSwitchAndHalfItsHosts()
    {
        var lab = await Lab.UpAsync(Spec);
        await lab.PullPowerAsync("resource-1");
        await ProgramRunner.RunAsync(["ip", "netns", "delete", $"{Name}-switch"]);
        await ProgramRunner.RunAsync(["ip", "netns", "delete", $"{Name}-resource-1"]);
        await Lab.DownAsync(Name);
        AssertGone(lab.Paths);
    }

    [Fact]
    public async Task AShellThatSomebodyTookThereLivesOn()
    {
        await Lab.UpAsync(Spec);
        var directory = Directory.CreateTempSubdirectory("gwdown-").FullName;
        try
        {
            var isDown = Path.Combine(directory, "down");
            var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var shell = ProgramRunner.TryRunAsync(
                ["ip", "netns", "exec", $"{Name}-storage", "sh", "-c", $"echo here; for i in $(seq 600); do [ ! -e {isDown} ] || break; sleep 0.1; done; echo still here"],
                onLine: _ => began.TrySetResult());
            await began.Task;
            Assert.Empty(ProcessIdentity.InsideHost($"/run/netns/{Name}-no-such-host"));
            await Lab.DownAsync(Name);
            File.WriteAllText(isDown, "");
            Assert.Contains("still here", (await shell).Output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task WhatFailsHalfWayIsUndone()
    {
        var spec = Spec with { StartDaemons = true, ProgramDirectory = "/nonexistent" };
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Lab.UpAsync(spec, null, soon.Token));
        AssertGone(new LabPaths(Name));
    }

    [Fact]
    public async Task ALabWithOtherHostsIsRefusedAndLeftAlone()
    {
        await Lab.UpAsync(Spec);
        var refusal = await Assert.ThrowsAsync<GodwitException>(() => Lab.UpAsync(
            LabSpec.WithResources(2, Name) with { StartDaemons = false }));
        Assert.Equal("lab-differs", refusal.Code);
        Assert.All((await Lab.StatusAsync(Name))!.Hosts, h => Assert.True(h.Powered));
    }

    [Fact]
    public async Task DownOfNothingIsNoError()
    {
        await Lab.DownAsync(Name);
        Assert.Null(await Lab.StatusAsync(Name));
    }

    private static void AssertGone(LabPaths paths)
    {
        Assert.False(Directory.Exists(paths.Directory));
        Assert.Empty(Directory.GetFiles("/run/netns", Name + "-*"));
        Assert.False(File.Exists($"/run/godwit-lab-{Name}.lock"));
    }

    /// <summary><c>ip netns</c> makes a mount at /run/netns the first time ever, and keeps it.</summary>
    private static IEnumerable<string> WithoutNetns(string mounts) =>
        mounts.Split('\n').Where(l => !l.Contains(" /run/netns", StringComparison.Ordinal));
}
