using System.Diagnostics;
using System.Globalization;
using Godwit.Domains;
using Godwit.Storage.Volumes;
using Godwit.Storage.Volumes.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Storage.Tests.Volumes;

/// <summary>Exports that end or hang, with a script in the place of <c>godwit-aoe</c>.</summary>
public sealed class VolumeWatchTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string[] Started => File.Exists(_directory.File("started")) ? File.ReadAllLines(_directory.File("started")) : [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _directory.Dispose();
    }

    private void Run(string program, params string[] volumes)
    {
        var catalog = new VolumeCatalog(_directory.File("volumes.json"));
        foreach (var name in volumes)
            catalog.Add(VolumeName.Parse(name), 4096);
        var exports = new VolumeExports(
            new ExportPlaces(Scripts.Write(_directory.File("program"), $"echo $2 >> {_directory.File("started")}\n{program}"), ["st0"],
                _directory.File("state"), _directory.File("run")),
            TimeProvider.System, NullLogger<VolumeExports>.Instance);
        _running = new VolumeService("storage", new VolumeGroups("storage", new DirectoryStore("vg", _directory.File("vg"))), catalog, exports, DirectVolumeData.Instance, TimeProvider.System, NullLogger<VolumeService>.Instance)
            .RunAsync(_stop.Token);
    }

    [Fact]
    public async Task An_export_that_ends_at_once_is_tried_again_but_not_in_a_circle()
    {
        var began = Stopwatch.GetTimestamp();
        Run("exit 1", "vg/a");
        await Task.Delay(2600, Ct);
        for (var i = 0; i < 600 && Started.Length < 2; i++)
            await Task.Delay(100, Ct);
        Assert.InRange(Started.Length, 2, 2 + Stopwatch.GetElapsedTime(began).TotalSeconds);
        Assert.False(_running.IsCompleted);
    }

    [Fact]
    public async Task One_that_does_not_come_up_keeps_no_other_waiting()
    {
        Run($"case $2 in */slow) exec sleep 60 ;; *) exit 1 ;; esac", "vg/slow", "vg/a");
        // It is given up after ten seconds.
        var began = Stopwatch.GetTimestamp();
        while (Count("/a") < 2 && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(8))
            await Task.Delay(10, Ct);
        Assert.Equal(1, Count("/slow"));
        Assert.True(Count("/a") >= 2, $"{Count("/a")} starts");

        int Count(string name) => Started.Count(path => path.EndsWith(name, StringComparison.Ordinal));
    }

    /// <summary>A process that is stopped, or waits for its medium, serves its socket without an answer.</summary>
    [Fact]
    public async Task An_export_that_hangs_is_neither_waited_for_nor_replaced()
    {
        Directory.CreateDirectory(_directory.File("run"));
        using var listening = Process.Start("python3", ["-c",
            // It is there when it can be connected to.
            $"import os,socket,time; p='{_directory.File("run/e0.0.sock")}'; s=socket.socket(socket.AF_UNIX); s.bind(p+'x'); s.listen(); os.rename(p+'x',p); time.sleep(120)"]);
        try
        {
            for (var i = 0; i < 3000 && !File.Exists(_directory.File("run/e0.0.sock")); i++)
                await Task.Delay(10, Ct);
            Run("exit 1", "vg/a", "vg/b");
            for (var i = 0; i < 3000 && Started.Length == 0; i++)
                await Task.Delay(10, Ct);
            Assert.All(Started, path => Assert.EndsWith("/b", path, StringComparison.Ordinal));
            Assert.False(listening.HasExited, listening.Id.ToString(CultureInfo.InvariantCulture));
        }
        finally
        {
            listening.Kill();
            await listening.WaitForExitAsync(Ct);
        }
        for (var i = 0; i < 3000 && !Started.Any(path => path.EndsWith("/a", StringComparison.Ordinal)); i++)
            await Task.Delay(10, Ct);
        Assert.Contains(Started, path => path.EndsWith("/a", StringComparison.Ordinal));
    }
}
