using Microsoft.Extensions.Logging;
using Nommu.Core.Boot;

namespace Nommu.Samples.Shell;

/// <summary>The kernel's messages on standard error, for where there is no console: errors, or as many as <c>loglevel=</c> says.</summary>
internal sealed class StandardErrorLog(string commandLine) : ILoggerFactory, ILogger
{
    private readonly int _level = KernelCommandLine.Parse(commandLine).LogLevel ?? 4;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => _level > (logLevel switch
    {
        LogLevel.Critical => 2,
        LogLevel.Error => 3,
        LogLevel.Warning => 4,
        LogLevel.Information => 6,
        _ => 7,
    });

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            Console.Error.WriteLine($"nommu: {formatter(state, exception)}");
    }

    public void Dispose()
    {
    }
}
