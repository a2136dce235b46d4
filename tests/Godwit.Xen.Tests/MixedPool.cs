using Godwit.Api;
using Godwit.Storage.Images;
using Godwit.Xen.Tests.Machines;
using Godwit.Xen.Tests.Pool;

namespace Godwit.Xen.Tests;

/// <summary>A host with QEMU joins the Xen hosts: each lists and serves both, and no domain is taken to an engine that is not its own.</summary>
internal sealed class MixedPool(XenPool pool, Transcript transcript)
{
    private const string Other = "vm9";

    public async Task RunAsync(CancellationToken ct)
    {
        transcript.Chapter("A host with QEMU joins", "One pool lists and serves the domains of both engines. A domain stays with its own.");
        await using var host = await QemuHost.JoinAsync(pool, pool.Directory("qemu"), transcript, ct);
        await host.CreateAsync(Other, pool.Guest, transcript, ct);

        await transcript.TypeAsync(pool.Storage, "godwit host list", ct);
        await transcript.TypeAsync(pool.First, "godwit list", ct);
        var engines = (await XenPool.DomainsAsync(pool.First, ct)).ToDictionary(domain => domain.Name, domain => (domain.Host, domain.Accelerator));
        Assert.Equal("xen", engines["vm1"].Accelerator);
        Assert.Equal((QemuHost.Name, "tcg"), engines[Other]);
        // Asked of a Xen host, and answered by the other.
        var screen = await XenPool.WaitAsync(
            pool.First, $"timeout 3 godwit console {Other} < /dev/null | head -c 4000", output => output.Contains("Linux version", StringComparison.Ordinal), "the other guest's console", ct);
        Assert.Contains("Linux version", screen, StringComparison.Ordinal);

        var (code, refusal) = await transcript.TryTypeAsync(pool.First, $"xm migrate --live vm1 {QemuHost.Name}", ct);
        Assert.NotEqual(0, code);
        Assert.Contains($"vm1 runs on xen; {QemuHost.Name} has qemu", refusal, StringComparison.Ordinal);
        var back = await host.TryTypeAsync(transcript, ct, "migrate", "--live", Other, pool.First.Name);
        Assert.False(back.Succeeded);
        Assert.Contains($"{Other} runs on qemu; {pool.First.Name} has xen", back.Error, StringComparison.Ordinal);

        await transcript.TypeAsync(pool.First, $"godwit destroy {Other}", ct);
        Assert.Equal("vm1", Assert.Single(await XenPool.DomainsAsync(pool.Storage, ct)).Name);
    }
}
