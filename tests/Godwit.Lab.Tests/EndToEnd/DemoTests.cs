using System.Text.Json;
using Godwit.Native.Processes;

namespace Godwit.Lab.Tests.EndToEnd;

/// <summary>The demo as a user runs it: the domain moves under ping and writer, and the plug is pulled.</summary>
[Collection("lab")]
public sealed class DemoTests
{
    [Fact]
    public async Task TheWholeStoryHoldsWithATinyGuest()
    {
        Programs.Demand();
        var figures = Path.Combine(Path.GetTempPath(), $"godwit-demo-{Environment.ProcessId}.json");
        try
        {
            var result = await ProgramRunner.TryRunAsync(
                [
                    Path.Combine(Programs.Directory, "godwit"), "lab", "demo", "--image", "tiny",
                    "--round-trips", "1", "--lab", "gwdemo", "--json", figures,
                ],
                ct: TestContext.Current.CancellationToken);
            Assert.True(result.Succeeded, result.Output + result.Error);
            using var json = JsonDocument.Parse(await File.ReadAllTextAsync(figures));
            var report = json.RootElement;
            Assert.Equal(3, report.GetProperty("migrations").GetArrayLength());
            Assert.Equal(0, report.GetProperty("writes_lost").GetInt64());
            Assert.True(report.GetProperty("writes_acknowledged").GetInt64() > 50);
            Assert.True(report.GetProperty("tcp_unbroken").GetBoolean());
            Assert.True(report.GetProperty("filesystem_clean").GetBoolean());
            Assert.Equal(1, report.GetProperty("running_copies").GetInt32());
            Assert.Equal("tiny", report.GetProperty("image").GetString());
        }
        finally
        {
            File.Delete(figures);
            await Lab.DownAsync("gwdemo");
        }
        Assert.False(Directory.Exists(new LabPaths("gwdemo").Directory));
    }
}
