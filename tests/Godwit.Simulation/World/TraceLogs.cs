using Godwit.Domains;
using Godwit.Relocation.Channel;
using Microsoft.Extensions.Logging;

namespace Godwit.Simulation.World;

/// <summary>
/// A daemon's log, as part of the trace. An exception in it that is not of a foreseen kind fails the history: it is a
/// fault in the code, whether or not the domain survived it.
/// </summary>
internal sealed class TraceLogs(string host, SimWorld world) : ILoggerFactory, ILogger
{
    /// <summary>The events of the two machines: <c>{Domain}: … {Before} -> {After} on {Event}</c>.</summary>
    private const int SourcePhase = 3001;
    private const int DestinationPhase = 3002;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (world.Trace.IsOn)
            world.Trace.Add(host, exception is null ? formatter(state, null) : $"{formatter(state, null)} ({exception.Message})");
        if (eventId.Id is SourcePhase or DestinationPhase && state is IReadOnlyList<KeyValuePair<string, object?>> values)
            world.Transitions.Add($"{(eventId.Id == SourcePhase ? "source" : "destination")} {values[1].Value} > {values[2].Value}");
        if (exception is not (null or GodwitException or ChannelException or IOException or OperationCanceledException))
            world.Fail($"{host}: {formatter(state, null)}: {exception}");
    }

    public void Dispose()
    {
        // There is nothing behind it.
    }
}
