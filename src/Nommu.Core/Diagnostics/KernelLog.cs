using Microsoft.Extensions.Logging;

namespace Nommu.Core.Diagnostics;

/// <summary>Linux: <c>printk</c>. Everything the kernel says, at the level Linux would say it.</summary>
internal static partial class KernelLog
{
    [LoggerMessage(1, LogLevel.Warning, "system call {Number} ({Name}) is not done: ENOSYS")]
    internal static partial void UnknownSystemCall(ILogger logger, int number, string name);

    [LoggerMessage(2, LogLevel.Critical, "system call {Number} failed in its handler")]
    internal static partial void HandlerFailed(ILogger logger, int number, Exception exception);

    [LoggerMessage(3, LogLevel.Warning, "process {Pid} calls fork, which is not done: ENOSYS")]
    internal static partial void ForkNotDone(ILogger logger, int pid);
}
