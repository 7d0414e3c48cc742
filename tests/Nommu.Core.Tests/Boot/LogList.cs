using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Nommu.Core.Tests.Boot;

/// <summary>What a kernel tells its host's loggers.</summary>
internal sealed class LogList : ILoggerFactory
{
    private readonly ConcurrentQueue<LogLine> _lines = [];

    internal IReadOnlyCollection<LogLine> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _lines);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private sealed class Logger(string category, ConcurrentQueue<LogLine> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(new LogLine(category, logLevel, formatter(state, exception)));
    }
}

/// <summary>One line.</summary>
internal sealed record LogLine(string Category, LogLevel Level, string Text);
