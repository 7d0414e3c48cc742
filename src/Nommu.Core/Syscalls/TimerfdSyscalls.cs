using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs.Timerfd;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>timerfd_create(2), timerfd_settime(2) and timerfd_gettime(2).</summary>
internal static class TimerfdSyscalls
{
    [Syscall(283, "timerfd_create")]
    internal static SyscallResult TimerfdCreate(GuestThread thread, ClockId clock, TimerfdFlags flags)
    {
        if ((flags & ~(TimerfdFlags.TFD_NONBLOCK | TimerfdFlags.TFD_CLOEXEC)) != 0)
            return Errno.EINVAL;
        var wakesMachine = clock is ClockId.CLOCK_REALTIME_ALARM or ClockId.CLOCK_BOOTTIME_ALARM;
        if (!wakesMachine && clock is not (ClockId.CLOCK_REALTIME or ClockId.CLOCK_MONOTONIC or ClockId.CLOCK_BOOTTIME))
            return Errno.EINVAL;
        // The machine never sleeps, so that an alarm is a timer; CAP_WAKE_ALARM is asked for all the same.
        if (wakesMachine && !thread.Credentials.Has(Capability.CAP_WAKE_ALARM))
            return Errno.EPERM;
        var path = thread.Fs.FileSystem.Anonymous.Create("anon_inode:[timerfd]", (InodeMode)0x180);
        var file = new TimerfdFile(path, (OpenFlags)(flags & TimerfdFlags.TFD_NONBLOCK), thread.Clock, clock);
        return thread.Files.Add(file, (flags & TimerfdFlags.TFD_CLOEXEC) != 0);
    }

    [Syscall(286, "timerfd_settime")]
    internal static SyscallResult TimerfdSettime(GuestThread thread, int fd, TimerfdFlags flags, UserPtr<Itimerspec> value, [Out] UserPtr<Itimerspec> old)
    {
        if (thread.Memory.Read(value, out var wanted) != Errno.None)
            return Errno.EFAULT;
        if ((flags & ~(TimerfdFlags.TFD_TIMER_ABSTIME | TimerfdFlags.TFD_TIMER_CANCEL_ON_SET)) != 0 || !wanted.Value.IsValid || !wanted.Interval.IsValid)
            return Errno.EINVAL;
        using var use = thread.Files.Get(fd);
        if (use.Opened is not { } file)
            return Errno.EBADF;
        if (file is not TimerfdFile timer)
            return Errno.EINVAL;
        var set = timer.Set(wanted, flags);
        if (!set.TryGet(out var previous))
            return set.Error;
        return old.IsNull ? Errno.None : thread.Memory.Write(old, previous);
    }

    [Syscall(287, "timerfd_gettime")]
    internal static SyscallResult TimerfdGettime(GuestThread thread, int fd, [Out] UserPtr<Itimerspec> value)
    {
        using var use = thread.Files.Get(fd);
        if (use.Opened is not { } file)
            return Errno.EBADF;
        return file is TimerfdFile timer ? thread.Memory.Write(value, timer.Get()) : Errno.EINVAL;
    }
}
