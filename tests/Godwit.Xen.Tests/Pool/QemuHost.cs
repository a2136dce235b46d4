using System.Diagnostics;
using Godwit.Machines;
using Godwit.Native.Processes;
using Godwit.Storage.Images;
using Godwit.Xen.Tests.Machines;

namespace Godwit.Xen.Tests.Pool;

/// <summary>
/// A host of the same pool with the other engine: a godwitd of this machine's beside the emulated ones, in the namespace of
/// their switches and with directories of its own.
/// </summary>
internal sealed class QemuHost : IAsyncDisposable
{
    public const string Name = "qemu_1";
    private readonly string _directory;
    private readonly Process _daemon;

    private QemuHost(string directory, Process daemon) => (_directory, _daemon) = (directory, daemon);

    private string Socket => Path.Combine(_directory, "run", "godwitd.sock");

    /// <summary>Starts it, and takes it into the pool.</summary>
    public static async Task<QemuHost> JoinAsync(XenPool pool, string directory, Transcript transcript, CancellationToken ct)
    {
        foreach (var own in (string[])["state", "run", "log"]) Directory.CreateDirectory(Path.Combine(directory, own));
        var config = Path.Combine(directory, "godwitd.toml");
        await File.WriteAllTextAsync(config,
            $"""
            name = "{Name}"
            address = "{MachineNetwork.Address}"
            roles = ["compute"]
            state_dir = "{directory}/state"
            run_dir = "{directory}/run"
            log_dir = "{directory}/log"
            [storage]
            interface = "san"
            driver = "godwit"
            """, ct);
        var log = Path.Combine(directory, "log", "out");
        var host = new QemuHost(directory, Process.Start("sh",
            ["-c", "out=$1; shift; exec \"$@\" > \"$out\" 2>&1 < /dev/null", "sh", log, "ip", "netns", "exec", pool.Outside, Path.Combine(SourceTree.Programs, "godwitd"), "--config", config]));
        try
        {
            for (var i = 0; !File.Exists(host.Socket); i++)
            {
                Assert.True(i < 600 && !host._daemon.HasExited, File.Exists(log) ? await File.ReadAllTextAsync(log, ct) : "it did not start");
                await Task.Delay(50, ct);
            }
            var token = (await pool.Storage.RunAsync("godwit pool token", ct)).Trim();
            await host.TypeAsync(transcript, ct, "pool", "join", pool.Storage.Spec.Address, "--token", token);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>A domain without a disk, which gets as far as its ramdisk takes it.</summary>
    public async Task CreateAsync(string domain, GuestImage guest, Transcript transcript, CancellationToken ct)
    {
        var file = Path.Combine(_directory, domain);
        await File.WriteAllTextAsync(file,
            $"""
            name = "{domain}"
            memory = 128
            kernel = "{guest.KernelPath}"
            ramdisk = "{guest.RamdiskPath}"
            """, ct);
        await TypeAsync(transcript, ct, "create", file);
    }

    /// <summary>Types a command of godwit's there, which is to succeed.</summary>
    public async Task<string> TypeAsync(Transcript transcript, CancellationToken ct, params string[] words)
    {
        var result = await TryTypeAsync(transcript, ct, words);
        Assert.True(result.Succeeded, $"{Name}: godwit {words[0]}: {result.Output}{result.Error}");
        return result.Output;
    }

    /// <inheritdoc cref="TypeAsync"/>
    public async Task<ProgramResult> TryTypeAsync(Transcript transcript, CancellationToken ct, params string[] words)
    {
        var result = await ProgramRunner.TryRunAsync([Path.Combine(SourceTree.Programs, "godwit"), "--socket", Socket, .. words], ct: ct);
        transcript.Typed(Name, "godwit " + string.Join(' ', words.Select(word => word.StartsWith('/') ? Path.GetFileName(word) : word)), result.Output + result.Error);
        return result;
    }

    public async ValueTask DisposeAsync()
    {
        // A domain that it started is in the namespace, and ends with that.
        _daemon.Kill();
        await _daemon.WaitForExitAsync();
        _daemon.Dispose();
    }
}
