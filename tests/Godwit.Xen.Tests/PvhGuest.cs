using Godwit.Xen.Tests.Pool;

namespace Godwit.Xen.Tests;

/// <summary>A second domain, of the other type: it boots on the second host while vm1 does on the first, and moves to it.</summary>
internal sealed class PvhGuest(XenPool pool, Transcript transcript)
{
    private const string Name = "vm2";
    private const int Attempts = 10;

    public async Task CreateAsync(CancellationToken ct)
    {
        transcript.Chapter("A PVH guest", "It has no disk, and gets as far as its ramdisk takes it: to a shell.");
        await transcript.TypeAsync(pool.Second,
            $"""
            cat > /root/{Name} << 'END'
            name = "{Name}"
            type = "pvh"
            memory = 96
            kernel = "/guest/vmlinux"
            ramdisk = "/guest/initrd"
            END
            """, ct);
        await transcript.TypeAsync(pool.Second, $"xm create /root/{Name}", ct);
        Assert.Contains("\"type\": \"pvh\"", await pool.Second.RunAsync($"xl list -l {Name}", ct), StringComparison.Ordinal);
    }

    /// <summary>What runs in its shell goes on in it.</summary>
    public async Task MoveAsync(CancellationToken ct)
    {
        transcript.Chapter("The PVH guest moves");
        await XenPool.SaysAsync(pool.Second, Name, "built-in shell", ct);
        await AskAsync(pool.Second, "mark=here", "mark=here", ct);
        await transcript.MigrateAsync(Name, pool.Second, pool.First, ct);
        Assert.DoesNotContain(Name, await transcript.TypeAsync(pool.Second, "xl list", ct), StringComparison.Ordinal);
        await AskAsync(pool.First, "echo still $mark", "still here", ct);
        await transcript.TypeAsync(pool.First, $"xm destroy {Name}", ct);
    }

    // Again where the machine was too slow to show within these seconds what came of it.
    private async Task AskAsync(Machines.XenMachine host, string words, string answer, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var seen = await transcript.TypeAsync(host, $"(sleep 1; echo '{words}'; sleep 2) | timeout 10 godwit console {Name} | tail -n 3", ct);
            if (seen.Contains(answer, StringComparison.Ordinal)) return;
            Assert.True(attempt < Attempts, seen);
        }
    }
}
