using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Godwit.Lab.Measure;

namespace Godwit.Lab.Tests;

/// <summary>Guests that really boot, in an emulated machine on a lab host. Needs root and QEMU.</summary>
[Collection("lab")]
public sealed class GuestTests(LabFixture fixture) : IClassFixture<LabFixture>
{
    [Theory]
    [InlineData("tiny", 180)]
    [InlineData("debian", 300)]
    public async Task AnImageBootsToALoginAndShutsDownCleanly(string name, int seconds)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a lab needs root");
        var image = await LabGuest.GetImageAsync(name);
        var volume = fixture.Lab.Paths.Host("resource-1", "lib") + "/volume";
        File.Delete(volume);
        await using (var file = File.Create(volume)) file.SetLength(5L << 30);

        WriterFigures? written;
        await using (var guest = await BootedGuest.StartAsync(fixture.Lab, "resource-1", image, volume))
        {
            var took = await guest.WaitForAsync("vm1 login: ", TimeSpan.FromSeconds(seconds));
            TestContext.Current.SendDiagnosticMessage($"{name}: login after {took.TotalSeconds:F1} s");
            await guest.TypeAsync("root");
            await guest.WaitForAsync("Password: ", TimeSpan.FromSeconds(20));
            await guest.TypeAsync(LabGuest.Password);
            await guest.WaitForAsync("# ", TimeSpan.FromSeconds(30));
            await guest.TypeAsync("echo I am $(id -un) on $(hostname) with $(df / | awk 'END {print $2}')");
            await guest.WaitForAsync("I am root on vm1 with 5", TimeSpan.FromSeconds(30));
            written = await MeasureAsync();
            await guest.ShutDownAsync(fixture.Lab, "resource-1");
        }
        var check = await VolumeCheck.RunAsync(volume, written, CancellationToken.None);
        Assert.True(check.FilesystemClean, check.Complaints);
        Assert.Equal(0, check.WritesLost);
        await fixture.Lab.RunAsync("resource-1", ["ip", "link", "delete", "tap1"]);
    }

    /// <summary>Both measuring devices at work from the storage host, while the guest is up.</summary>
    private async Task<WriterFigures> MeasureAsync()
    {
        var outside = fixture.Lab.Paths.Namespace("storage");
        var guest = IPAddress.Parse(BootedGuest.Address);
        await fixture.Lab.RunAsync("storage", ["ping", "-c", "1", "-W", "20", BootedGuest.Address]);
        var began = Stopwatch.GetTimestamp();
        using var pinger = Pinger.Start(outside, guest);
        await using var writer = await OpenWriterAsync(outside, guest);
        await Task.Delay(1500);
        // Each costs an emulated guest a write that is durable.
        for (var i = 0; i < 585 && writer.Figures.Acknowledged < 5; i++) await Task.Delay(100);
        var written = await writer.StopAsync();
        await pinger.StopAsync(CancellationToken.None);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Assert.True(written.Unbroken);
        Assert.InRange(written.Acknowledged, 5, (50 * seconds) + 25);
        var pings = pinger.Log.Total();
        Assert.InRange(pings.Sent, 50, (100 * seconds) + 500);
        Assert.Equal(0, pinger.Log.Unanswered(long.MinValue, long.MaxValue));
        Assert.True(pings.LongestGapMs >= 5, $"{pings.LongestGapMs} ms");
        return written;
    }

    private static async Task<WriterConnection> OpenWriterAsync(string outside, IPAddress guest)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await WriterConnection.OpenAsync(outside, guest, CancellationToken.None);
            }
            catch (SocketException) when (attempt < 100)
            {
                await Task.Delay(100); // The network is up before the writer is.
            }
        }
    }
}
