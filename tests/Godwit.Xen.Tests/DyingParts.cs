using Godwit.Api;
using Godwit.Lab.Measure;
using Godwit.Xen.Tests.Machines;
using Godwit.Xen.Tests.Pool;

namespace Godwit.Xen.Tests;

/// <summary>
/// What dies under a move of vm1 from the first host to the second, each time at a place of its own, and how the pool settles it.
/// The writer in the guest tells whether the guest runs.
/// </summary>
internal sealed class DyingParts(XenPool pool, WriterConnection writer, Transcript transcript)
{
    private const string Result = "/run/migrate.rc", Log = "/run/migrate.log";
    private static readonly TimeSpan s_stands = TimeSpan.FromSeconds(3);

    /// <summary>The guest stays where it is.</summary>
    public async Task ReceiverInMidStreamAsync(CancellationToken ct)
    {
        transcript.Chapter("The receiver dies in mid-stream", "The guest stays where it is, and nothing of it is left on the other host.");
        await BeginAsync(ct);
        await XenPool.WaitAsync(pool.Second, "pgrep -f 'xl migrate-receive' > /dev/null && xl list | grep -e --incoming", _ => true, "a receiver", ct);
        await transcript.TypeAsync(pool.Second, "xl list; pkill -KILL -f 'xl migrate-receive'", ct);
        Assert.NotEqual("0", (await XenPool.WaitAsync(pool.First, "cat " + Result, _ => true, "the end of the move", ct)).Trim());
        await transcript.TypeAsync(pool.First, $"cat {Log}", ct);
        await ExpectOnAsync(pool.First, pool.Second, ct);
    }

    /// <summary>The copy is held, and the other host has not been told so: the daemon that comes back aborts.</summary>
    public async Task SourceDaemonBeforeCommitAsync(CancellationToken ct)
    {
        transcript.Chapter("The source's daemon dies before the commit",
            "And with it xl, and the process that holds its pipes. The guest is held: it does not run again by itself. The daemon that comes back wins the abort, and lets it run where it was.");
        await StopAtAsync(pool.First, "source.HandOver", ct);
        await BeginAsync(ct);
        await ReachedAsync(pool.First, "source.HandOver", ct);
        await XenPool.KillDaemonAsync(pool.First, ct);
        await KillAsync("xl", ct);
        await KillAsync("holder", ct);
        await ExpectItStandsAsync("xl list", ct);
        await GoOnAsync(pool.First, "source.HandOver", ct);
        await XenPool.StartDaemonAsync(pool.First, ct);
        await ExpectItRunsAsync(ct);
        await ExpectOnAsync(pool.First, pool.Second, ct);
    }

    /// <summary>The record names the destination: the daemon that comes back gives the copy up.</summary>
    public async Task SourceDaemonAfterCommitAsync(CancellationToken ct)
    {
        transcript.Chapter("The source's daemon dies after the commit",
            "And with it the process that holds xl's pipes: xl gives up, and would resume the guest. The other host has the domain by the record, and goes on alone. The daemon that comes back destroys the copy that it has held.");
        await StopAtAsync(pool.Second, "destination.Fence", ct);
        await BeginAsync(ct);
        await ReachedAsync(pool.Second, "destination.Fence", ct);
        await XenPool.KillDaemonAsync(pool.First, ct);
        await KillAsync("holder", ct);
        await ExpectItStandsAsync("xl list", ct);
        await GoOnAsync(pool.Second, "destination.Fence", ct);
        await ExpectItRunsAsync(ct);
        await transcript.TypeAsync(pool.First, "xl list", ct);
        await XenPool.StartDaemonAsync(pool.First, ct);
        await ExpectOnAsync(pool.Second, pool.First, ct);
    }

    /// <param name="process">Of the source, by the file that has its number: <c>xl</c> or <c>holder</c>.</param>
    private Task<string> KillAsync(string process, CancellationToken ct) =>
        transcript.TypeAsync(pool.First, $"kill -KILL $(cat /run/godwit/xen/copies/vm1-*/{process})", ct);

    // Again where the machines were too slow to answer just before the stop.
    private async Task BeginAsync(CancellationToken ct) => await pool.First.RunAsync(
        $"""
        rm -f {Result}
        (for attempt in 1 2 3; do
            godwit migrate --live vm1 {pool.Second.Name} > {Log} 2>&1
            code=$?
            grep -q 'did not answer just before the stop' {Log} || break
        done; echo $code > {Result}) < /dev/null > /dev/null 2>&1 &
        """, ct);

    private static Task<string> StopAtAsync(XenMachine machine, string point, CancellationToken ct) =>
        machine.RunAsync($"mkdir -p {XenPool.Failpoints} && touch {XenPool.Failpoints}/{point}", ct);

    private static Task<string> ReachedAsync(XenMachine machine, string point, CancellationToken ct) =>
        XenPool.WaitAsync(machine, $"test -e {XenPool.Failpoints}/{point}.reached", _ => true, point, ct);

    private static Task<string> GoOnAsync(XenMachine machine, string point, CancellationToken ct) =>
        machine.RunAsync($"rm -f {XenPool.Failpoints}/{point} {XenPool.Failpoints}/{point}.reached", ct);

    // Also when xl and the script beside it are left to themselves.
    private async Task ExpectItStandsAsync(string look, CancellationToken ct)
    {
        var told = writer.Figures.Last;
        await transcript.TypeAsync(pool.First, look, ct);
        await Task.Delay(s_stands, ct);
        Assert.Equal(told, writer.Figures.Last);
    }

    private async Task ExpectItRunsAsync(CancellationToken ct)
    {
        var told = writer.Figures.Last;
        for (var i = 0; writer.Figures.Last == told; i++)
        {
            Assert.True(i < 600, "the guest does not run again");
            await Task.Delay(100, ct);
        }
    }

    /// <summary>It runs on one host, and nothing of it is on the other.</summary>
    private async Task ExpectOnAsync(XenMachine there, XenMachine nothing, CancellationToken ct)
    {
        await XenPool.WaitAsync(nothing, "xl list", output => !output.Contains("vm1", StringComparison.Ordinal), "no vm1", ct);
        await XenPool.WaitAsync(there, "xm list", output => output.Contains("vm1", StringComparison.Ordinal), "vm1", ct);
        await ExpectItRunsAsync(ct);
        await transcript.TypeAsync(there, "xm list", ct);
        await transcript.TypeAsync(nothing, "xl list", ct);
        // A host that is slow to answer is unknown for a while.
        DomainInfo domain;
        for (var i = 0; (domain = Assert.Single(await XenPool.DomainsAsync(pool.Storage, ct))).State == DomainState.Unknown && i < 60; i++)
            await Task.Delay(500, ct);
        Assert.Equal((there.Name, DomainState.Running), (domain.Host, domain.State));
    }
}
