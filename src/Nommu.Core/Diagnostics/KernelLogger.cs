using System.Text;
using Microsoft.Extensions.Logging;

namespace Nommu.Core.Diagnostics;

/// <summary>Linux: <c>printk</c>: what the kernel's parts log goes into the ring buffer that dmesg(1) reads, and from there to the host's logger and to the console.</summary>
internal sealed class KernelLogger(LogBuffer buffer) : ILogger
{
    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel is not LogLevel.None and not LogLevel.Trace;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        var text = formatter(state, exception);
        buffer.Write(Priority(logLevel), Encoding.UTF8.GetBytes(exception is null ? text : $"{text}: {exception}"));
    }

    /// <summary>The level of syslog(3) that stands for one of .NET's.</summary>
    internal static int Priority(LogLevel level) => level switch
    {
        LogLevel.Critical => 2,
        LogLevel.Error => 3,
        LogLevel.Warning => 4,
        LogLevel.Information => 6,
        _ => 7,
    };

    /// <summary>The way back, for messages of guests.</summary>
    internal static LogLevel Level(int priority) => (priority & 7) switch
    {
        <= 2 => LogLevel.Critical,
        3 => LogLevel.Error,
        4 => LogLevel.Warning,
        5 or 6 => LogLevel.Information,
        _ => LogLevel.Debug,
    };
}
