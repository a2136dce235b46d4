using System.Runtime.InteropServices;

namespace Godwit.Cli.Running;

/// <summary>
/// Ctrl-C and SIGTERM. The first asks the command to stop: most leave then, a migration cancels and waits for its end.
/// The second tells it to leave without that, and the third ends the process whatever it does.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _first = new();
    private readonly CancellationTokenSource _second = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    public CancellationToken First => _first.Token;

    public CancellationToken Second => _second.Token;

    public void Listen()
    {
        foreach (var signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGINT, PosixSignal.SIGTERM])
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                if (_second.IsCancellationRequested) Environment.Exit((int)ExitCode.Interrupted);
                Raise();
            }));
        }
    }

    public void Raise()
    {
        if (_first.IsCancellationRequested) _second.Cancel();
        else _first.Cancel();
    }

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _first.Dispose();
        _second.Dispose();
    }
}
