using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Pidfd;
using Nommu.Core.Fs.Procfs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Signals;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2).</summary>
[SyscallFamily(SyscallClasses.Process)]
internal static class PidfdSyscalls
{
    [Syscall(434, "pidfd_open")]
    internal static SyscallResult PidfdOpen(GuestThread thread, int id, PidfdFlags flags)
    {
        if ((flags & ~(PidfdFlags.PIDFD_THREAD | PidfdFlags.PIDFD_NONBLOCK)) != 0 || id <= 0)
            return Errno.EINVAL;
        var isThread = (flags & PidfdFlags.PIDFD_THREAD) != 0;
        PidReference pid;
        lock (thread.Process.Tasks.Lock)
        {
            var tasks = thread.Process.Tasks;
            if (tasks.Find(id) is { } process)
                pid = new PidReference(process, id, null, isThread);
            else if (tasks.FindThread(thread, id) is { } other)
                pid = PidReference.Of(other, isThread);
            else
                return Errno.ESRCH;
        }
        if (pid.Thread is not null && !isThread)
            return Errno.ENOENT; // a thread that is not its process's first
        return thread.Files.Add(PidfdFile.Create(thread.Fs.FileSystem, pid, flags), closeOnExec: true);
    }

    [Syscall(424, "pidfd_send_signal")]
    internal static SyscallResult PidfdSendSignal(GuestThread thread, int fd, Signal signal, UserPtr<Siginfo> info, PidfdSignalFlags flags)
    {
        if (flags is not (PidfdSignalFlags.None or PidfdSignalFlags.PIDFD_SIGNAL_THREAD or PidfdSignalFlags.PIDFD_SIGNAL_THREAD_GROUP or PidfdSignalFlags.PIDFD_SIGNAL_PROCESS_GROUP))
            return Errno.EINVAL;
        var found = Find(thread, fd, out _, orFolder: true);
        if (!found.TryGet(out var pid))
            return found.Error;
        var toThread = flags == PidfdSignalFlags.None ? pid.IsThread : flags == PidfdSignalFlags.PIDFD_SIGNAL_THREAD;
        var given = SignalSendSyscalls.From(thread, signal, toThread ? SigCode.SI_TKILL : SigCode.SI_USER);
        if (!info.IsNull)
        {
            if (SignalSendSyscalls.ReadInfo(thread, info, out given) is not Errno.None and var error)
                return error;
            if (given.Signo != (int)signal)
                return Errno.EINVAL;
            if (SignalSendSyscalls.LooksLikeKernel(given) && (pid.Id != thread.Id || flags == PidfdSignalFlags.PIDFD_SIGNAL_PROCESS_GROUP))
                return Errno.EPERM;
        }
        lock (thread.Process.Tasks.Lock)
        {
            if (!pid.ExistsLocked)
                return Errno.ESRCH;
            var sender = new SignalSender(thread.Process.Tasks);
            if (toThread)
                return sender.KillThread(thread, 0, pid.Id, given);
            return sender.Kill(thread, flags == PidfdSignalFlags.PIDFD_SIGNAL_PROCESS_GROUP ? -pid.Id : pid.Id, given);
        }
    }

    /// <summary>Another's file, as if it had been handed over.</summary>
    [Syscall(438, "pidfd_getfd")]
    internal static SyscallResult PidfdGetfd(GuestThread thread, int fd, int theirs, uint flags)
    {
        if (flags != 0)
            return Errno.EINVAL;
        var found = Find(thread, fd, out _);
        if (!found.TryGet(out var pid))
            return found.Error;
        FileDescription? file;
        lock (thread.Process.Tasks.Lock)
        {
            var process = pid.Process;
            if (pid.HasEndedLocked || (pid.Thread ?? (process.Threads is [var first, ..] ? first : null)) is not { } target)
                return Errno.ESRCH;
            if (!ProcessMemorySyscalls.MayAttach(thread, target))
                return Errno.EPERM;
            file = target.Files.Retain(theirs);
        }
        return file is null ? Errno.EBADF : thread.Files.Add(file, closeOnExec: true);
    }

    /// <summary>Whom a descriptor means.</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="fd">Its descriptor.</param>
    /// <param name="isNonblocking">The descriptor's flag.</param>
    /// <param name="orFolder">A directory /proc/PID will do (Linux: <c>tgid_pidfd_to_pid</c>).</param>
    /// <returns>EBADF for any other file.</returns>
    internal static Result<PidReference> Find(GuestThread thread, int fd, out bool isNonblocking, bool orFolder = false)
    {
        using var use = thread.Files.Get(fd);
        isNonblocking = use.Opened?.IsNonblocking ?? false;
        if (use.Opened is PidfdFile file)
            return file.Pid;
        return orFolder && use.Opened?.Inode is TaskDirectory { Process: { } process } ? new PidReference(process, process.Id, null, false) : Errno.EBADF;
    }
}
