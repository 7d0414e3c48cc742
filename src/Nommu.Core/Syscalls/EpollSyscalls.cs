using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs.Epoll;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Signals;
using Nommu.Core.Syscalls.Tracing;
using Nommu.Core.Time;

namespace Nommu.Core.Syscalls;

/// <summary>epoll_create(2), epoll_ctl(2), epoll_wait(2) and their kin.</summary>
internal static class EpollSyscalls
{
    /// <summary>Linux: EPOLLEXCLUSIVE_OK_BITS.</summary>
    private const uint WithExclusive = (uint)(PollEvents.POLLIN | PollEvents.POLLOUT | PollEvents.POLLERR | PollEvents.POLLHUP)
        | (uint)(EpollFlags.EPOLLWAKEUP | EpollFlags.EPOLLET | EpollFlags.EPOLLEXCLUSIVE);

    /// <summary>Linux: EP_MAX_EVENTS.</summary>
    private const int MaximumEvents = int.MaxValue / 12;

    [Syscall(213, "epoll_create")]
    internal static SyscallResult EpollCreate(GuestThread thread, int size) => size <= 0 ? Errno.EINVAL : EpollCreate1(thread, OpenFlags.O_RDONLY);

    [Syscall(291, "epoll_create1")]
    internal static SyscallResult EpollCreate1(GuestThread thread, [ShownBy(nameof(TraceWriter.DescriptorFlags))] OpenFlags flags)
    {
        if ((flags & ~OpenFlags.O_CLOEXEC) != 0)
            return Errno.EINVAL;
        return thread.Files.Add(EpollFile.Create(thread.Fs.FileSystem), flags != 0);
    }

    [Syscall(233, "epoll_ctl")]
    internal static SyscallResult EpollCtl(GuestThread thread, int epollFd, EpollOperation operation, int fd, UserPtr<EpollEvent> pointer)
    {
        var wanted = default(EpollEvent);
        if (operation != EpollOperation.EPOLL_CTL_DEL && thread.Memory.Read(pointer, out wanted) != Errno.None)
            return Errno.EFAULT;
        using var epollUse = thread.Files.Get(epollFd);
        using var use = thread.Files.Get(fd);
        if (epollUse.Opened is not { } epollFile || use.Opened is not { } file)
            return Errno.EBADF;
        if (!file.CanPoll)
            return Errno.EPERM;
        if (file == epollFile || epollFile is not EpollFile epoll)
            return Errno.EINVAL;
        if (operation != EpollOperation.EPOLL_CTL_DEL && (wanted.Events & (uint)EpollFlags.EPOLLEXCLUSIVE) != 0)
        {
            if (operation == EpollOperation.EPOLL_CTL_MOD || file is EpollFile || (wanted.Events & ~WithExclusive) != 0)
                return Errno.EINVAL;
        }
        return operation switch
        {
            EpollOperation.EPOLL_CTL_ADD => epoll.Add(thread, file, fd, wanted),
            EpollOperation.EPOLL_CTL_DEL => epoll.Remove(file, fd),
            EpollOperation.EPOLL_CTL_MOD => epoll.Modify(thread, file, fd, wanted),
            _ => Errno.EINVAL,
        };
    }

    [Syscall(232, "epoll_wait")]
    internal static SyscallResult EpollWait(GuestThread thread, int fd, [Out, Elements(nameof(count))] UserPtr<EpollEvent> events, int count, int milliseconds) =>
        Wait(thread, fd, events, count, After(thread, milliseconds));

    [Syscall(281, "epoll_pwait")]
    internal static SyscallResult EpollPwait(GuestThread thread, int fd, [Out, Elements(nameof(count))] UserPtr<EpollEvent> events, int count, int milliseconds, UserPtr<SigSet> mask, ulong maskSize)
    {
        var error = WaitTimeout.SetMask(thread, mask, maskSize);
        return error != Errno.None ? error : WithMask(thread, Wait(thread, fd, events, count, After(thread, milliseconds)));
    }

    [Syscall(441, "epoll_pwait2")]
    internal static SyscallResult EpollPwait2(GuestThread thread, int fd, [Out, Elements(nameof(count))] UserPtr<EpollEvent> events, int count, UserPtr<Timespec> time, UserPtr<SigSet> mask, ulong maskSize)
    {
        var given = WaitTimeout.Read(thread, time);
        if (!given.TryGet(out var timeout))
            return given.Error;
        var error = WaitTimeout.SetMask(thread, mask, maskSize);
        return error != Errno.None ? error : WithMask(thread, Wait(thread, fd, events, count, timeout.Deadline));
    }

    private static long After(GuestThread thread, int milliseconds) =>
        milliseconds < 0 ? MonotonicClock.Never : WaitTimeout.After(thread, new Timespec(milliseconds / 1000, milliseconds % 1000 * 1_000_000));

    private static SyscallResult WithMask(GuestThread thread, SyscallResult result)
    {
        SignalMask.EndTemporary(thread, result.Error == Errno.EINTR);
        return result;
    }

    private static SyscallResult Wait(GuestThread thread, int fd, UserPtr<EpollEvent> events, int count, long deadline)
    {
        if (count is <= 0 or > MaximumEvents)
            return Errno.EINVAL;
        using var use = thread.Files.Get(fd);
        if (use.Opened is not { } file)
            return Errno.EBADF;
        return file is EpollFile epoll ? epoll.Wait(thread, events, count, deadline) : Errno.EINVAL;
    }
}
