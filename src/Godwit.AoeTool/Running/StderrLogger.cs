using Microsoft.Extensions.Logging;

namespace Godwit.AoeTool.Running;

/// <summary>Log lines on standard error, with the priorities that systemd's journal reads from the start of a line.</summary>
internal sealed class StderrLogger : ILogger
{
    public static StderrLogger Instance { get; } = new();

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        var priority = logLevel switch
        {
            LogLevel.Critical => 2,
            LogLevel.Error => 3,
            LogLevel.Warning => 4,
            _ => 6,
        };
        var journal = Environment.GetEnvironmentVariable("JOURNAL_STREAM") is null ? "" : $"<{priority}>";
        Console.Error.WriteLine($"{journal}godwit-aoe: {formatter(state, exception)} [{eventId.Id}]");
    }
}
