using System.Collections.Immutable;
using System.Globalization;
using Godwit.Native.Processes;

namespace Godwit.Lab;

/// <summary>A process of a lab host, and what may be done to it from outside.</summary>
public sealed class LabProcess
{
    private readonly ProcessIdentity _identity;

    private LabProcess(ProcessIdentity identity, ImmutableArray<string> arguments) => (_identity, Arguments) = (identity, arguments);

    /// <summary>Number by which the machine knows it.</summary>
    public int Pid => _identity.Pid;

    /// <summary>Its command line.</summary>
    public ImmutableArray<string> Arguments { get; }

    /// <summary>Name of its program, without the directory.</summary>
    public string Program => Path.GetFileName(Arguments[0]);

    public bool IsAlive => _identity.IsAlive;

    /// <summary>Ends it by SIGKILL, and returns when it is gone.</summary>
    public Task KillAsync(CancellationToken ct) => _identity.KillAsync(ct);

    /// <summary>Stops it between any two of its instructions, until <see cref="ContinueAsync"/>.</summary>
    public Task StopAsync(CancellationToken ct) => SignalAsync("-STOP", ct);

    public Task ContinueAsync(CancellationToken ct) => SignalAsync("-CONT", ct);

    /// <summary>Null when it has ended, or has no command line, as processes of the kernel.</summary>
    internal static LabProcess? Of(ProcessIdentity identity)
    {
        try
        {
            var line = File.ReadAllText($"/proc/{identity.Pid}/cmdline");
            return line.Length == 0 ? null : new LabProcess(identity, [.. line.TrimEnd('\0').Split('\0')]);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private async Task SignalAsync(string signal, CancellationToken ct)
    {
        if (_identity.IsAlive)
            await ProgramRunner.TryRunAsync(["kill", signal, Pid.ToString(CultureInfo.InvariantCulture)], ct: ct).ConfigureAwait(false);
    }
}
