using System.Text;
using Nommu.Core.Diagnostics;

namespace Nommu.Core.Syscalls.Tracing;

/// <summary>Where the text of a trace goes: as it comes to be, and in whole lines.</summary>
internal sealed class TraceOutput(SyscallTraceOptions options)
{
    private readonly StringBuilder _line = new();

    /// <summary>Nobody wants text.</summary>
    internal bool IsNone => options.Output is null && options.Line is null && options.Logger is null;

    internal void Write(string text)
    {
        options.Output?.Write(text);
        _line.Append(text);
    }

    internal void EndLine(string text)
    {
        _line.Append(text);
        var line = _line.ToString();
        _line.Clear();
        options.Output?.WriteLine(text);
        options.Line?.Invoke(line);
        if (options.Logger is { } logger)
            KernelLog.SystemCall(logger, line);
    }

    internal void Flush() => options.Output?.Flush();
}
