using System.Collections.Immutable;
using Godwit.Api;
using Godwit.Lab.Measure;

namespace Godwit.Lab.Tests.EndToEnd;

/// <summary>A lab with a pool, a volume and a domain <c>vm1</c> that has booted; the tests of a class share it.</summary>
public sealed class PoolFixture : IAsyncLifetime
{
    public const string Domain = "vm1";
    private const string Name = "gwpool";
    private const string GuestAddress = "10.9.0.100";

    public Lab Lab { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (!Environment.IsPrivilegedProcess)
            return;
        Programs.Demand();
        await Lab.DownAsync(Name);
        Lab = await Lab.UpAsync(LabSpec.WithResources(2, Name) with { ProgramDirectory = Programs.Directory });
        await new LabDomain(Domain, "vg_xen/lv_vm1", GuestAddress).CreateAsync(Lab, "resource-1", 1L << 30);
        await using var writer = await OpenWriterAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Environment.IsPrivilegedProcess)
            await Lab.DownAsync(Name);
    }

    public GodwitClient Client(string host) => GodwitClient.OverSocket(Lab.Paths.Socket(host));

    public Task<WriterConnection> OpenWriterAsync() => GuestActs.OpenWriterAsync(Lab, GuestAddress, CancellationToken.None);

    /// <summary>The domain as its owner sees it; asked until it is as it should be.</summary>
    public async Task<DomainInfo> WaitForAsync(Func<DomainInfo, bool> wanted, string what)
    {
        DomainInfo? last = null;
        for (var attempt = 0; attempt < 150; attempt++)
        {
            try
            {
                using var storage = Client("storage");
                last = (await storage.ListDomainsAsync(CancellationToken.None)).FirstOrDefault(d => d.Name == Domain);
                if (last is not null && wanted(last))
                    return last;
            }
            catch (HttpRequestException)
            {
                // A daemon that was killed is not back yet.
            }
            await Task.Delay(200);
        }
        Assert.Fail($"{Domain} did not become {what} within 30 s; it is {last}");
        return last!;
    }

    public static string Other(string host) => host == "resource-1" ? "resource-2" : "resource-1";

    /// <summary>Ends a daemon as a crash does; the host's init starts it again.</summary>
    public Task KillDaemonAsync(string host) => Lab.RunAsync(host, ["pkill", "-KILL", "-x", "godwitd"]);

    /// <summary>Processes of a host whose command line has these words.</summary>
    public async Task<ImmutableArray<string>> ProcessesAsync(string host, string words)
    {
        var result = await Lab.RunAsync(host, ["ps", "-eo", "pid=,args="]);
        return [.. result.Output.Split('\n').Where(line => line.Contains(words, StringComparison.Ordinal) && !line.Contains("ps -eo", StringComparison.Ordinal))];
    }

    /// <summary>Nothing of the domain is on a host: no engine and no attached disk.</summary>
    public async Task AssertNothingOnAsync(string host)
    {
        for (var attempt = 0; ; attempt++)
        {
            var engines = await ProcessesAsync(host, "qemu-system");
            var disks = await ProcessesAsync(host, "godwit-aoe attach");
            if (engines.IsEmpty && disks.IsEmpty)
                return;
            Assert.True(attempt < 100, $"left on {host}: {string.Join(" / ", engines.Concat(disks))}");
            await Task.Delay(200);
        }
    }
}
