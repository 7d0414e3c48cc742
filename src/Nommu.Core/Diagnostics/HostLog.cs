using System.Text;
using Microsoft.Extensions.Logging;

namespace Nommu.Core.Diagnostics;

/// <summary>The host's loggers: one for what the kernel says (dmesg), one for the trace of system calls.</summary>
internal sealed class HostLog(ILoggerFactory factory)
{
    private readonly ILogger _kernel = factory.CreateLogger("Nommu.Core.Kernel");

    /// <summary>For reports of guests that die of a fault.</summary>
    internal ILogger Crashes { get; } = factory.CreateLogger("Nommu.Core.Crashes");

    /// <summary>For where programs are loaded.</summary>
    internal ILogger Programs { get; } = factory.CreateLogger("Nommu.Core.Programs");

    /// <summary>For the lines of a trace.</summary>
    internal ILogger SystemCalls { get; } = factory.CreateLogger("Nommu.Core.SystemCalls");

    /// <summary>Everything that is written from now on goes to the host too.</summary>
    internal void Follow(LogBuffer buffer) => buffer.Sink += Pass;

    private void Pass(LogRecord record)
    {
        var level = KernelLogger.Level(record.Priority);
        if (!_kernel.IsEnabled(level))
            return;
        var text = Encoding.UTF8.GetString(record.Text);
        KernelLog.Message(_kernel, level, text);
    }
}
