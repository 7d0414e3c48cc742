using Microsoft.Extensions.Logging;
using Nommu.Core.Abi;
using Nommu.Core.Diagnostics;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>Linux: <c>do_syscall_64</c>. From a number to its handler; one per kernel, since a host may put its own handlers in.</summary>
internal sealed class SyscallDispatcher
{
    private const int Numbers = 1024;

    private readonly SyscallHandler?[] _handlers = new SyscallHandler?[Numbers];
    private readonly int[] _logged = new int[Numbers];
    private readonly HashSet<int> _replaced = [];
    private readonly ILogger _logger;
    private SyscallTracing? _tracing;

    internal SyscallDispatcher(ILogger logger)
    {
        _logger = logger;
        SyscallTable.Fill(_handlers);
    }

    /// <summary>Puts a handler in: for a number of its own, in place of ours, or around it.</summary>
    /// <param name="number">0 to 1023.</param>
    /// <param name="wrap">Gets the handler there was, or one that answers ENOSYS.</param>
    internal void Replace(int number, Func<SyscallHandler, SyscallHandler> wrap)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, Numbers);
        var old = _handlers[number] ?? ((GuestThread _, in SyscallArguments _) => Errno.ENOSYS);
        _handlers[number] = wrap(old);
        _replaced.Add(number);
    }

    /// <summary>All calls that Linux knows by name, and those that the host has added.</summary>
    internal SystemCallInfo[] List()
    {
        var all = new List<SystemCallInfo>();
        for (var number = 0; number < Numbers; number++)
        {
            var name = Enum.GetName((SystemCallNumber)number);
            if (name is null && !_replaced.Contains(number))
                continue;
            var state = _replaced.Contains(number) ? SystemCallState.Host : _handlers[number] is null ? SystemCallState.NotDone : SystemCallState.Done;
            all.Add(new SystemCallInfo(number, name ?? "", state));
        }
        return [.. all];
    }

    /// <summary>Sees every call; null while there is no trace. Who sets it makes running threads look (<see cref="Execution.HostThreadPool.KickAll"/>).</summary>
    internal SyscallTracing? Tracing { get => Volatile.Read(ref _tracing); set => Volatile.Write(ref _tracing, value); }

    /// <summary>False while the host wants to see calls that emitted code would answer without it.</summary>
    internal bool AllowsFastPaths => _replaced.Count == 0 && Tracing is null;

    /// <summary>Answers a call. An exception is a bug of ours or of a host's handler: it is logged, and the call fails with EIO rather than take the host with it.</summary>
    internal SyscallResult Dispatch(GuestThread thread, int number, in SyscallArguments arguments)
    {
        if ((uint)number >= Numbers || _handlers[number] is not { } handler)
        {
            return DispatchUnknown(thread, number, arguments);
        }
        try
        {
            return Tracing is { } tracing ? tracing.Run(thread, number, arguments, handler) : handler(thread, arguments);
        }
        catch (Exception exception)
        {
            KernelLog.HandlerFailed(_logger, number, exception);
            return Errno.EIO;
        }
    }

    private SyscallResult DispatchUnknown(GuestThread thread, int number, in SyscallArguments arguments) =>
        Tracing is { } tracing ? tracing.Run(thread, number, arguments, (GuestThread _, in SyscallArguments _) => Unknown(number)) : Unknown(number);

    /// <summary>Logged once for each number that could be one.</summary>
    private Errno Unknown(int number)
    {
        if ((uint)number < Numbers && Interlocked.Exchange(ref _logged[number], 1) == 0)
            KernelLog.UnknownSystemCall(_logger, number, Enum.IsDefined((SystemCallNumber)number) ? ((SystemCallNumber)number).ToString() : "no such call");
        return Errno.ENOSYS;
    }
}
