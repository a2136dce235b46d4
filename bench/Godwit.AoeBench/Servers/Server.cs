using System.Diagnostics;
using Godwit.Aoe.Wire;

namespace Godwit.AoeBench.Servers;

/// <summary>A target in a process of its own, from its start to its end.</summary>
internal abstract class Server(string name, AoeAddress address)
{
    public string Name => name;

    public AoeAddress Address => address;

    /// <summary>Whether a write is on stable storage when it is answered.</summary>
    public abstract bool StoresWrites { get; }

    /// <summary>Program and arguments, to run on the target's side.</summary>
    protected abstract IReadOnlyList<string> Command(Series series);

    public Running Start(Series series)
    {
        // `ip netns exec` becomes the program: its process is the target's.
        var process = Process.Start(new ProcessStartInfo("ip", ["netns", "exec", Wire.TargetSide, .. Command(series)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new Running(process);
    }

    internal sealed class Running(Process process) : IDisposable
    {
        public long Cpu() => CpuTime.OfProcess(process.Id);

        public void Dispose()
        {
            if (!process.HasExited) process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }
}
