using System.Text;
using Godwit.Lab;

namespace Godwit.Faults;

/// <summary>
/// Asks a guest by its console what its writer waits for: one that sleeps and is not woken is not one that waits for its
/// disk.
/// </summary>
internal static class GuestTalk
{
    private static readonly TimeSpan Answering = TimeSpan.FromSeconds(4);

    private static readonly string[] Lines =
    [
        "", "root", LabGuest.Password,
        "for p in $(pidof godwit-writer); do cat /proc/$p/wchan; echo; cat /proc/$p/stack; cat /proc/$p/syscall; done",
        "cat /proc/interrupts; cat /proc/uptime; cat /proc/diskstats; cat /sys/block/*/inflight",
        "ps; for p in /proc/[0-9]*; do grep -q '^State:.*D' $p/status && cat $p/comm $p/stack; done",
        "sleep 1; cat /proc/uptime",
    ];

    public static async Task<string> AskAsync(FaultLab lab, CancellationToken ct)
    {
        var said = new StringBuilder();
        foreach (var host in FaultLab.Computes.Where(host => lab.Engines(host).Length > 0))
        {
            said.AppendLine($"guest on {host}:");
            try
            {
                using var client = lab.Client(host);
                await using var console = await client.OpenConsoleAsync(FaultLab.Domain, ct);
                foreach (var line in Lines)
                {
                    await console.WriteAsync(Encoding.ASCII.GetBytes(line + "\n"), ct);
                    said.Append(await HearAsync(console, ct));
                }
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                said.AppendLine(e.Message);
            }
        }
        return said.ToString();
    }

    private static async Task<string> HearAsync(Stream console, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Answering);
        var said = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await console.ReadAsync(buffer, limit.Token) is > 0 and var read)
                said.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // It has nothing more to say for now.
        }
        return said.ToString();
    }
}
