using System.Diagnostics;
using System.Globalization;
using Godwit.Api;
using Godwit.Native.Processes;
using Microsoft.Data.Sqlite;

namespace Godwit.Faults;

/// <summary>Waits until a pool has settled by itself: by what its hosts say, and by what is on them.</summary>
internal sealed class Settling(FaultLab lab)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    /// <summary>Where the domain is, and how long it took to run, and until nothing was left to do.</summary>
    /// <param name="Host">Its owner.</param>
    public sealed record Result(string Host, TimeSpan RunningAfter, TimeSpan SettledAfter);

    /// <exception cref="TimeoutException">Something was left; it says what.</exception>
    public async Task<Result> WaitAsync(TimeSpan limit, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        TimeSpan? running = null;
        string? known = null;
        while (true)
        {
            var elapsed = Stopwatch.GetElapsedTime(began);
            var (host, left) = await LookAsync(known, ct);
            known = host;
            if (host is not null && lab.Engines(host).Length == 1)
                running ??= Stopwatch.GetElapsedTime(began);
            else
                running = null;
            if (left is null)
                return new Result(host!, running!.Value, Stopwatch.GetElapsedTime(began));
            if (elapsed > limit)
                throw new TimeoutException($"not settled after {limit.TotalSeconds:0} s: {left}");
            await Task.Delay(LookAgain, ct);
        }
    }

    /// <summary>The host on which the domain runs by all lists, and what is not yet as it should be.</summary>
    /// <param name="known">Where it ran before: a host that does not answer now, as a busy one may, is no word against it.</param>
    /// <param name="ct">Ends the look.</param>
    private async Task<(string? Host, string? Left)> LookAsync(string? known, CancellationToken ct)
    {
        string? owner = null;
        foreach (var asked in lab.Lab.Spec.Hosts)
        {
            DomainInfo domain;
            try
            {
                using var client = lab.Client(asked.Name);
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
                limit.CancelAfter(TimeSpan.FromSeconds(5));
                var list = await client.ListDomainsAsync(limit.Token);
                if (list.Length != 1)
                    return (null, $"{asked.Name} lists {list.Length} domains");
                domain = list[0];
            }
            catch (Exception e) when (e is HttpRequestException or ApiException or OperationCanceledException && !ct.IsCancellationRequested)
            {
                return (owner ?? known, $"{asked.Name} does not answer: {e.Message}");
            }
            if (domain.State != DomainState.Running)
                return (null, $"{asked.Name} lists it as {domain.State} on {domain.Host}: {domain.Reason}");
            owner ??= domain.Host;
            if (domain.Host != owner || domain.Reason is not null || domain.Migration is not null)
                return (owner, $"{asked.Name} lists it on {domain.Host}, migration {domain.Migration}, {domain.Reason}");
        }
        foreach (var host in FaultLab.Computes)
        {
            if (await FindLeftAsync(host, host == owner ? 1 : 0, ct) is { } left)
                return (owner, $"{host} {left}");
        }
        return (owner, null);
    }

    private async Task<string?> FindLeftAsync(string host, int copies, CancellationToken ct)
    {
        if (lab.Engines(host).Length is var engines && engines != copies)
            return $"has {engines} engines, not {copies}";
        if (lab.AoeTools(host, "attach").Length is var attached && attached != copies)
            return $"has {attached} attached disks, not {copies}";
        var taps = (await ProgramRunner.RunAsync(["ip", "-n", lab.Lab.Paths.Namespace(host), "-o", "link", "show", "type", "tun"], null, ct))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
        if (taps != copies)
            return $"has {taps} taps, not {copies}";
        var entries = await CountJournalAsync(host, ct);
        if (entries != 0)
            return $"has {entries} entries in its journal";
        var run = lab.Lab.Paths.Host(host, "run");
        var files = ((string[])["qemu", "disks"]).Select(name => Path.Combine(run, name)).Where(Directory.Exists)
            .SelectMany(directory => Directory.EnumerateFileSystemEntries(directory)).ToArray();
        return copies == 0 && files.Length > 0 ? $"has {string.Join(", ", files.Select(f => Path.GetRelativePath(run, f)))}" : null;
    }

    private async Task<long> CountJournalAsync(string host, CancellationToken ct)
    {
        var file = Path.Combine(lab.Lab.Paths.Host(host, "lib"), "journal.db");
        await using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        await connection.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM entry";
        return Convert.ToInt64(await command.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture);
    }
}
