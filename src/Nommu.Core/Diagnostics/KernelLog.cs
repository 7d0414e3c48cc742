using Microsoft.Extensions.Logging;

namespace Nommu.Core.Diagnostics;

/// <summary>Linux: <c>printk</c>. Everything the kernel says, at the level Linux would say it.</summary>
internal static partial class KernelLog
{
    [LoggerMessage(1, LogLevel.Warning, "system call {Number} ({Name}) is not done: ENOSYS")]
    internal static partial void UnknownSystemCall(ILogger logger, int number, string name);

    [LoggerMessage(2, LogLevel.Critical, "system call {Number} failed in its handler")]
    internal static partial void HandlerFailed(ILogger logger, int number, Exception exception);

    [LoggerMessage(4, LogLevel.Warning, "{Path}: not executable: {Reason}")]
    internal static partial void NotLoaded(ILogger logger, string path, string reason);

    [LoggerMessage(6, LogLevel.Debug, "{Path}: {Sites} system calls, {Rewritten} rewritten, {Trapped} left to the trap")]
    internal static partial void Rewrote(ILogger logger, string path, int sites, int rewritten, int trapped);

    [LoggerMessage(EventId = 5, Message = "{Text}")]
    internal static partial void Message(ILogger logger, LogLevel level, string text);

    [LoggerMessage(10, LogLevel.Information, "Linux version {Release} (Nommu.Core {Version}) {Build}")]
    internal static partial void Banner(ILogger logger, string release, string version, string build);

    [LoggerMessage(11, LogLevel.Information, "Command line: {Text}")]
    internal static partial void CommandLine(ILogger logger, string text);

    [LoggerMessage(12, LogLevel.Information, "Memory: {Kilobytes}K, {Reserved}M of addresses reserved at {Start:x}")]
    internal static partial void Memory(ILogger logger, ulong kilobytes, ulong reserved, ulong start);

    [LoggerMessage(13, LogLevel.Information, "System calls: {Strategy}, else trap; {Count} are done")]
    internal static partial void SystemCalls(ILogger logger, string strategy, int count);

    [LoggerMessage(14, LogLevel.Information, "Root: {Source} unpacked into {Type}, {Kilobytes}K")]
    internal static partial void Root(ILogger logger, string source, string type, long kilobytes);

    [LoggerMessage(55, LogLevel.Information, "Root: {Directory} of the host, read-only, under an overlay in memory")]
    internal static partial void HostRoot(ILogger logger, string directory);

    [LoggerMessage(15, LogLevel.Information, "devtmpfs: mounted")]
    internal static partial void DevtmpfsMounted(ILogger logger);

    [LoggerMessage(16, LogLevel.Information, "Run {Path} as init process")]
    internal static partial void RunInit(ILogger logger, string path);

    [LoggerMessage(17, LogLevel.Error, "Starting init: {Path} exists but couldn't execute it (error {Errno})")]
    internal static partial void InitFailed(ILogger logger, string path, Abi.Errno errno);

    [LoggerMessage(18, LogLevel.Warning, "Malformed command line option '{Word}'")]
    internal static partial void Malformed(ILogger logger, string word);

    [LoggerMessage(19, LogLevel.Information, "reboot: {What}")]
    internal static partial void Halted(ILogger logger, string what);

    [LoggerMessage(20, LogLevel.Critical, "Kernel panic - not syncing: {Why}")]
    internal static partial void Panic(ILogger logger, string why);

    [LoggerMessage(22, LogLevel.Error, "Out of memory: process {Pid} ({Name}) is killed, which has {Kilobytes} kB, as process {Asker} needs some")]
    internal static partial void OutOfMemory(ILogger logger, int pid, string name, long kilobytes, int asker);

    [LoggerMessage(23, LogLevel.Debug, "process {Pid}: add-symbol-file {Path} -o 0x{Bias:x}")]
    internal static partial void Loaded(ILogger logger, int pid, string path, ulong bias);

    [LoggerMessage(24, LogLevel.Warning, "process {Pid}, thread {ThreadId} ({Name}) dies of {Signal} ({Code}), address {Address}\n{Registers}\n{Trace}\n{Calls}\n{Modules}")]
    internal static partial void Crashed(ILogger logger, int pid, int threadId, string name, string signal, string code, string address, string registers, string trace, string calls, string modules);

    [LoggerMessage(21, LogLevel.Trace, "{Line}")]
    internal static partial void SystemCall(ILogger logger, string line);
}
