using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Time;

namespace Nommu.Core.Syscalls;

/// <summary>nanosleep(2) and clock_nanosleep(2).</summary>
internal static class SleepSyscalls
{
    [Syscall(35, "nanosleep")]
    internal static SyscallResult Nanosleep(GuestThread thread, UserPtr<Timespec> duration, [Out] UserPtr<Timespec> remaining)
    {
        if (thread.Memory.Read(duration, out var time) is not Errno.None and var error)
            return error;
        return time.IsValid ? ClockSleep.For(thread, ClockId.CLOCK_MONOTONIC, time, remaining) : Errno.EINVAL;
    }

    [Syscall(230, "clock_nanosleep")]
    internal static SyscallResult ClockNanosleep(GuestThread thread, ClockId clock, TimerFlags flags, UserPtr<Timespec> time, [Out] UserPtr<Timespec> remaining)
    {
        switch (clock)
        {
            case ClockId.CLOCK_REALTIME_ALARM or ClockId.CLOCK_BOOTTIME_ALARM:
            case ClockId.CLOCK_MONOTONIC_RAW or ClockId.CLOCK_REALTIME_COARSE or ClockId.CLOCK_MONOTONIC_COARSE or ClockId.CLOCK_THREAD_CPUTIME_ID:
                return Errno.EOPNOTSUPP; // nothing wakes anybody by these
        }
        if (!GuestClocks.Read(thread, clock).IsOk)
            return Errno.EINVAL;
        if (thread.Memory.Read(time, out var given) is not Errno.None and var error)
            return error;
        if (!given.IsValid)
            return Errno.EINVAL;
        return (flags & TimerFlags.TIMER_ABSTIME) != 0 ? ClockSleep.Until(thread, clock, given) : ClockSleep.For(thread, clock, given, remaining);
    }
}
