using Nommu.Core.Abi;
using Nommu.Core.Diagnostics;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>syslog(2), which C libraries call klogctl(3).</summary>
internal static class SyslogSyscalls
{
    [Syscall(103, "syslog")]
    internal static SyscallResult Syslog(GuestThread thread, SyslogAction action, ulong buffer, int length)
    {
        var machine = thread.Machine;
        var log = machine.Syslog;
        if (action is not SyslogAction.SYSLOG_ACTION_READ_ALL and not SyslogAction.SYSLOG_ACTION_SIZE_BUFFER && !thread.Credentials.Has(Capability.CAP_SYSLOG))
            return Errno.EPERM;
        switch (action)
        {
            case SyslogAction.SYSLOG_ACTION_CLOSE or SyslogAction.SYSLOG_ACTION_OPEN:
                return Errno.None;
            case SyslogAction.SYSLOG_ACTION_READ:
                return Read(thread, log, buffer, length);
            case SyslogAction.SYSLOG_ACTION_READ_ALL or SyslogAction.SYSLOG_ACTION_READ_CLEAR:
                if (Check(buffer, length) is { } nothing)
                    return nothing;
                var written = Write(thread, buffer, log.ReadLast(length));
                if (action == SyslogAction.SYSLOG_ACTION_READ_CLEAR)
                    log.Clear();
                return written;
            case SyslogAction.SYSLOG_ACTION_CLEAR:
                log.Clear();
                return Errno.None;
            case SyslogAction.SYSLOG_ACTION_CONSOLE_OFF or SyslogAction.SYSLOG_ACTION_CONSOLE_ON:
                log.SetConsole(action == SyslogAction.SYSLOG_ACTION_CONSOLE_ON);
                return Errno.None;
            case SyslogAction.SYSLOG_ACTION_CONSOLE_LEVEL:
                if (length is < 1 or > 8)
                    return Errno.EINVAL;
                log.SetConsoleLevel(length);
                return Errno.None;
            case SyslogAction.SYSLOG_ACTION_SIZE_UNREAD:
                return log.Unread;
            case SyslogAction.SYSLOG_ACTION_SIZE_BUFFER:
                return machine.Log.Capacity;
            default:
                return Errno.EINVAL;
        }
    }

    /// <returns>What ends the call before anything is read.</returns>
    private static SyscallResult? Check(ulong buffer, int length)
    {
        if (buffer == 0 || length < 0)
            return Errno.EINVAL;
        return length == 0 ? 0L : null;
    }

    private static SyscallResult Read(GuestThread thread, Syslog log, ulong buffer, int length)
    {
        if (Check(buffer, length) is { } nothing)
            return nothing;
        thread.PollTable.Add(thread.Machine.Log.Written);
        try
        {
            while (true)
            {
                var text = log.Read(length);
                if (text.Length > 0)
                    return Write(thread, buffer, text);
                if (thread.Sleep(-1) is Errno.ERESTARTSYS)
                    return Errno.ERESTARTSYS;
            }
        }
        finally
        {
            thread.PollTable.Clear();
        }
    }

    private static SyscallResult Write(GuestThread thread, ulong buffer, byte[] text) =>
        thread.Memory.Write(buffer, text) is not Errno.None and var error ? error : text.Length;
}
