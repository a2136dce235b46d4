using System.Globalization;
using Godwit.Domains;
using Godwit.Hypervisors.Qemu;
using Godwit.Native.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Hypervisors.Tests.Qemu;

/// <summary>A QEMU that starts and says nothing is given up, ended, and told of.</summary>
public sealed class SilentEngineTests(GuestFixture guests) : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("godwit-silent-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_probe_without_an_answer_says_so_and_leaves_nothing()
    {
        var options = Silent("") with { StartLimit = TimeSpan.FromSeconds(3) };
        var refused = await Assert.ThrowsAsync<GodwitException>(() => OpenAsync(options));
        Assert.Equal("engine-unfit", refused.Code);
        Assert.Equal($"{options.Binary} does not answer within 3 s.", refused.Message);
        Assert.Contains("-machine none", refused.Remedy, StringComparison.Ordinal);
        AssertEnded();
    }

    [Fact]
    public async Task A_copy_without_an_answer_says_so_and_leaves_nothing()
    {
        // Asked what it can do, it answers.
        var options = Silent("""case "$*" in *"-machine none"*) exec qemu-system-x86_64 "$@";; esac""")
            with { StartLimit = TimeSpan.FromSeconds(20) };
        var hypervisor = await OpenAsync(options);
        var refused = await Assert.ThrowsAsync<GodwitException>(
            () => hypervisor.StartAsync(guests.Order(), TestContext.Current.CancellationToken));
        Assert.Equal("engine-failed", refused.Code);
        Assert.Equal("QEMU does not start: its monitor does not answer within 20 s", refused.Message);
        AssertEnded();
        Assert.Empty(Directory.EnumerateDirectories(options.RunDirectory));
    }

    private QemuOptions Silent(string first)
    {
        var program = Path.Combine(_directory, "qemu");
        File.WriteAllText(program, $"#!/bin/sh\n{first}\necho $$ > '{_directory}/pid'\nexec sleep 600\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new QemuOptions { Binary = program, RunDirectory = Path.Combine(_directory, "run") };
    }

    private static Task<QemuHypervisor> OpenAsync(QemuOptions options) =>
        QemuHypervisor.OpenAsync(options, TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);

    private void AssertEnded() => Assert.Null(
        RunningProcess.TryOpen(int.Parse(File.ReadAllText(Path.Combine(_directory, "pid")), CultureInfo.InvariantCulture)));
}
