using Godwit.Domains;
using Godwit.Relocation.Channel;
using Microsoft.Extensions.Logging;

namespace Godwit.Simulation.Tests.World;

/// <summary>
/// A daemon's log, as part of the trace. An exception in it that is not of a foreseen kind fails the history: it is a
/// fault in the code, whether or not the domain survived it.
/// </summary>
internal sealed class TraceLogs(string host, SimWorld world) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        world.Trace.Add(host, exception is null ? formatter(state, null) : $"{formatter(state, null)} ({exception.Message})");
        if (exception is not (null or GodwitException or ChannelException or IOException or OperationCanceledException))
            world.Fail($"{host}: {formatter(state, null)}: {exception}");
    }

    public void Dispose()
    {
        // There is nothing behind it.
    }
}
