using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Godwit.Api;
using Godwit.Domains;
using Godwit.Lab.Measure;
using Godwit.Native.Processes;
using Godwit.Storage.Images;

namespace Godwit.Lab.Demo;

/// <summary>
/// The article from its first step to its last, on a lab, by the commands that a user would type, while it is measured
/// from outside whether anybody could have noticed.
/// </summary>
public sealed class Demo(DemoOptions options, TextWriter output)
{
    private const string Domain = "vm1";
    private const string Volume = "vg_xen/lv_vm1";
    private const string VolumeSize = "5g";
    private const string GuestAddress = "10.9.0.100";
    private const string Storage = "storage", First = "resource-1", Second = "resource-2";
    private const string ConfigFile = "/etc/godwit/vm1.cfg";
    private static readonly TimeSpan BootTakes = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan ShutdownTakes = TimeSpan.FromMinutes(2);

    /// <summary>How long is watched before and after the power is pulled.</summary>
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(3);

    /// <summary>Runs all of it. The lab is cleared away also after a failure, unless it is to be kept.</summary>
    /// <returns>True when everything held that Godwit promises.</returns>
    /// <exception cref="GodwitException">A step failed.</exception>
    public async Task<bool> RunAsync(CancellationToken ct)
    {
        if (options.RoundTrips < 1)
            throw new GodwitException("bad-option", "the demo needs at least one round trip", "--round-trips 3");
        try
        {
            var report = await PlayAsync(ct).ConfigureAwait(false);
            var broken = DemoVerdict.Check(report, options.RoundTrips * 2 + 1);
            Step(9, "the report");
            await output.WriteAsync(DemoText.Write(report, broken)).ConfigureAwait(false);
            if (options.JsonFile is { } file)
            {
                await File.WriteAllTextAsync(
                    file, JsonSerializer.Serialize(report, DemoJson.Default.DemoReport) + "\n", ct).ConfigureAwait(false);
            }
            return broken.IsEmpty;
        }
        finally
        {
            Step(10, options.Keep ? "the lab stays up" : "everything is cleared away");
            if (options.Keep) ShowWhatToPlayWith();
            else await Lab.DownAsync(options.LabName, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task<DemoReport> PlayAsync(CancellationToken ct)
    {
        Step(2, "three hosts, each with namespaces of its own, and a pool over TLS");
        var lab = await LabUpAsync(ct).ConfigureAwait(false);
        var shell = new DemoShell(lab, output);

        Step(3, $"a volume of {VolumeSize} on storage, found by both resource hosts over ATA over Ethernet");
        await shell.RunAsync(Storage, ct, "godwit", "volume", "create", Volume, "-L", VolumeSize).ConfigureAwait(false);
        foreach (var host in (string[])[First, Second])
        {
            await shell.RunAsync(host, ct, "godwit-aoe", "discover").ConfigureAwait(false);
            await shell.RunAsync(host, ct, "godwit-aoe", "stat").ConfigureAwait(false);
        }

        Step(4, $"the image: {options.Image}, root's password is `{LabGuest.Password}`");
        await PrepareImageAsync(lab, ct).ConfigureAwait(false);

        Step(5, "the article's configuration file");
        await CreateDomainAsync(lab, shell, ct).ConfigureAwait(false);

        Step(6, $"from storage: a ping every {Pinger.Interval.TotalMilliseconds:F0} ms, and a writer in {Domain} that reports each fsync over TCP");
        var guest = IPAddress.Parse(GuestAddress);
        var outside = lab.Paths.Namespace(Storage);
        await using var writer = await OpenWriterAsync(outside, guest, ct).ConfigureAwait(false);
        using var pinger = Pinger.Start(outside, guest);
        var copies = new DemoCopies(lab, Domain);
        await Task.Delay(Watch, ct).ConfigureAwait(false);

        Step(7, $"{Domain} moves while it runs: {options.RoundTrips} times there and back");
        List<(MigrationInfo Move, long From, long To)> moves = [];
        for (var n = 0; n < options.RoundTrips * 2; n++)
        {
            var (from, to) = n % 2 == 0 ? (First, Second) : (Second, First);
            moves.Add(await MigrateAsync(shell, from, to, ct).ConfigureAwait(false));
            await copies.CheckAsync(ct).ConfigureAwait(false);
        }

        Step(8, $"{Domain} moves to {Second}, and the power of {First} is pulled");
        moves.Add(await MigrateAsync(shell, First, Second, ct).ConfigureAwait(false));
        await copies.CheckAsync(ct).ConfigureAwait(false);
        await Task.Delay(Watch, ct).ConfigureAwait(false);
        var pulledAt = PingLog.Now;
        await lab.PullPowerAsync(First, ct).ConfigureAwait(false);
        shell.Say($"  {First} is gone; {Domain} is watched for {Watch.TotalSeconds:F0} s");
        await Task.Delay(Watch, ct).ConfigureAwait(false);
        var watchedUntil = PingLog.Now;
        await copies.CheckAsync(ct).ConfigureAwait(false);
        var domains = await ListAsync(shell, ct).ConfigureAwait(false);

        var written = await writer.StopAsync().ConfigureAwait(false);
        await pinger.StopAsync(ct).ConfigureAwait(false);
        await ShutDownAsync(shell, ct).ConfigureAwait(false);
        var volume = await VolumeCheck.RunAsync(VolumePath(lab), written, ct).ConfigureAwait(false);
        if (!volume.FilesystemClean) shell.Say(volume.Complaints);
        var pings = pinger.Log.Total();
        var power = pinger.Log.Window(pulledAt, watchedUntil);
        return new DemoReport
        {
            Migrations = [.. moves.Select(m => Figures(m.Move, pinger.Log.Window(m.From, m.To)))],
            PowerPulled = new() { Host = First, LongestPingGapMs = power.LongestGapMs, PingsLost = power.Lost },
            PingsSent = pings.Sent,
            PingsLost = pings.Lost,
            WritesAcknowledged = written.Acknowledged,
            WritesLost = volume.WritesLost,
            TcpUnbroken = written.Unbroken,
            RunningCopies = copies.Worst,
            FilesystemClean = volume.FilesystemClean,
            Accelerator = domains.FirstOrDefault(d => d.Name == Domain)?.Accelerator ?? "unknown",
            Image = options.Image,
        };
    }

    private async Task<Lab> LabUpAsync(CancellationToken ct)
    {
        var spec = LabSpec.WithResources(2, options.LabName);
        await output.WriteLineAsync($"# godwit lab up {options.LabName}").ConfigureAwait(false);
        return await Lab.UpAsync(spec, new Lines(output), ct).ConfigureAwait(false);
    }

    private async Task PrepareImageAsync(Lab lab, CancellationToken ct)
    {
        var image = await LabGuest.GetImageAsync(options.Image, new Lines(output), ct).ConfigureAwait(false);
        await ImageWriter.WriteAsync(image, VolumePath(lab), LabGuest.Customize(Domain, GuestAddress), ct)
            .ConfigureAwait(false);
        // On the first host only: the others get kernel and ramdisk when the domain comes to them.
        var boot = lab.Paths.Host(First, "boot");
        File.Copy(image.KernelPath, boot + ArticleConfig.Kernel["/boot".Length..], overwrite: true);
        File.Copy(image.RamdiskPath, boot + ArticleConfig.Ramdisk["/boot".Length..], overwrite: true);
        await output.WriteLineAsync(
            $"  {options.Image} is on {Volume}: fstab by label, login on the serial console, host name {Domain}, address {GuestAddress}")
            .ConfigureAwait(false);
    }

    private static async Task CreateDomainAsync(Lab lab, DemoShell shell, CancellationToken ct)
    {
        var file = Path.Combine(lab.Paths.Host(First, "etc"), Path.GetFileName(ConfigFile));
        await File.WriteAllTextAsync(file, ArticleConfig.AsPrinted, ct).ConfigureAwait(false);
        shell.Say(ArticleConfig.AsPrinted);
        await shell.RunRefusedAsync(First, $"did you mean {Volume}", ct, "godwit", "create", ConfigFile)
            .ConfigureAwait(false);
        await File.WriteAllTextAsync(file, ArticleConfig.Mended, ct).ConfigureAwait(false);
        shell.Say($"  (so mended: phy:{Volume})");
        await shell.RunAsync(First, ct, "godwit", "config", "check", ConfigFile).ConfigureAwait(false);
        await shell.RunConsoleAsync(First, $"{Domain} login:", BootTakes, ct, "godwit", "create", ConfigFile, "-c")
            .ConfigureAwait(false);
        await shell.RunAsync(First, ct, "godwit", "list").ConfigureAwait(false);
    }

    private static async Task<(MigrationInfo Move, long From, long To)> MigrateAsync(
        DemoShell shell, string from, string to, CancellationToken ct)
    {
        var began = PingLog.Now;
        await shell.RunAsync(from, ct, "godwit", "migrate", "--live", Domain, to).ConfigureAwait(false);
        // Until a second after it: frames that the new host has still to announce itself by belong to the move.
        await Task.Delay(TimeSpan.FromSeconds(1), ct).ConfigureAwait(false);
        var ended = PingLog.Now;
        var json = await shell.AskAsync(from, ct, "godwit", "migration", "show", Domain, "--json").ConfigureAwait(false);
        var move = JsonSerializer.Deserialize(json, GodwitJson.Default.MigrationInfo);
        return move is { Result.DowntimeParts: not null } && move.From == from && move.To == to
            ? (move, began, ended)
            : throw new GodwitException("demo-step-failed", $"the figures of the move from {from} to {to} are missing");
    }

    private static MigrationFigures Figures(MigrationInfo move, PingFigures pings)
    {
        var result = move.Result!;
        var parts = result.DowntimeParts!;
        return new MigrationFigures
        {
            From = move.From,
            To = move.To,
            TotalMs = result.TotalMilliseconds,
            DowntimeMs = result.DowntimeMilliseconds,
            DowntimePartsMs = new()
            {
                Stop = parts.Stop,
                LastRound = parts.LastRound,
                DeviceState = parts.DeviceState,
                Commit = parts.Commit,
                Fence = parts.Fence,
                Resume = parts.Resume,
            },
            Rounds = result.Rounds,
            Bytes = result.Bytes,
            LongestPingGapMs = pings.LongestGapMs,
            PingsLost = pings.Lost,
        };
    }

    private static async Task<ImmutableArray<DomainInfo>> ListAsync(DemoShell shell, CancellationToken ct) =>
        JsonSerializer.Deserialize(
            await shell.AskAsync(Second, ct, "godwit", "list", "--json").ConfigureAwait(false),
            GodwitJson.Default.ImmutableArrayDomainInfo);

    private static async Task ShutDownAsync(DemoShell shell, CancellationToken ct)
    {
        await shell.RunAsync(Second, ct, "godwit", "shutdown", Domain).ConfigureAwait(false);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(ct);
        late.CancelAfter(ShutdownTakes);
        while ((await ListAsync(shell, late.Token).ConfigureAwait(false))
            .Any(d => d.Name == Domain && d.State is not (DomainState.ShutOff or DomainState.Crashed)))
            await Task.Delay(200, late.Token).ConfigureAwait(false);
    }

    private static async Task<WriterConnection> OpenWriterAsync(string outside, IPAddress guest, CancellationToken ct)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await WriterConnection.OpenAsync(outside, guest, ct).ConfigureAwait(false);
            }
            catch (System.Net.Sockets.SocketException) when (attempt < 100)
            {
                // The login may be there before the network is.
                await Task.Delay(TimeSpan.FromMilliseconds(200), ct).ConfigureAwait(false);
            }
        }
    }

    private static string VolumePath(Lab lab) => Path.Combine(lab.Paths.Host(Storage, "lib"), "volumes", Volume);

    private void Step(int number, string title) => output.WriteLine($"\n== {number}. {title}");

    private void ShowWhatToPlayWith()
    {
        var paths = new LabPaths(options.LabName);
        var first = $"godwit --socket {paths.Socket(First)}";
        output.WriteLine(
            $"""
            Five commands to play with:
              godwit lab power-on {First} --lab {options.LabName}
              {first} create {paths.Host(First, "etc")}/{Path.GetFileName(ConfigFile)} -c
              {first} migrate --live {Domain} {Second}
              ip netns exec {paths.Namespace(Storage)} ping {GuestAddress}
              godwit lab down {options.LabName}
            """);
    }

    private sealed class Lines(TextWriter output) : IProgress<string>
    {
        public void Report(string value) => output.WriteLine("  " + value);
    }
}
