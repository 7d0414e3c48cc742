using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;
using Nommu.Core.Time;

namespace Nommu.Core.Syscalls;

/// <summary>What time it is: clock_gettime(2), clock_getres(2), clock_settime(2), gettimeofday(2), settimeofday(2), time(2), adjtimex(2).</summary>
[SyscallFamily(SyscallClasses.Clock)]
internal static class ClockSyscalls
{
    [Syscall(228, "clock_gettime")]
    internal static SyscallResult ClockGettime(GuestThread thread, ClockId clock, [Out] UserPtr<Timespec> time)
    {
        var now = GuestClocks.Read(thread, clock);
        return now.TryGet(out var nanoseconds) ? thread.Memory.Write(time, KernelClock.ToTimespec(nanoseconds)) : now.Error;
    }

    [Syscall(229, "clock_getres")]
    internal static SyscallResult ClockGetres(GuestThread thread, ClockId clock, [Out] UserPtr<Timespec> resolution)
    {
        var found = GuestClocks.Resolution(thread, clock);
        if (!found.TryGet(out var nanoseconds))
            return found.Error;
        return resolution.IsNull ? Errno.None : thread.Memory.Write(resolution, new Timespec(0, nanoseconds));
    }

    [Syscall(227, "clock_settime")]
    internal static SyscallResult ClockSettime(GuestThread thread, ClockId clock, UserPtr<Timespec> time) =>
        thread.Memory.Read(time, out var given) is not Errno.None and var error ? error : GuestClocks.Set(thread, clock, given);

    [Syscall(96, "gettimeofday")]
    internal static SyscallResult Gettimeofday(GuestThread thread, [Out] UserPtr<Timeval> time, [Out] UserPtr<Timezone> zone)
    {
        if (!time.IsNull && thread.Memory.Write(time, Timeval.FromNanoseconds(thread.Clock.RealtimeNanoseconds)) is not Errno.None and var error)
            return error;
        return zone.IsNull ? Errno.None : thread.Memory.Write(zone, thread.Machine.Timezone);
    }

    [Syscall(164, "settimeofday")]
    internal static SyscallResult Settimeofday(GuestThread thread, UserPtr<Timeval> time, UserPtr<Timezone> zone)
    {
        var (given, place) = (default(Timeval), default(Timezone));
        if (!time.IsNull)
        {
            if (thread.Memory.Read(time, out given) is not Errno.None and var error)
                return error;
            if (!given.IsValid)
                return Errno.EINVAL;
        }
        if (!zone.IsNull && thread.Memory.Read(zone, out place) is not Errno.None and var unreadable)
            return unreadable;
        if (!thread.Credentials.Has(Capability.CAP_SYS_TIME))
            return Errno.EPERM;
        if (!zone.IsNull)
        {
            if (place.MinutesWest is > 15 * 60 or < -15 * 60)
                return Errno.EINVAL;
            thread.Machine.Timezone = place;
        }
        return time.IsNull ? Errno.None : GuestClocks.Set(thread, ClockId.CLOCK_REALTIME, new Timespec(given.Seconds, given.Microseconds * 1000));
    }

    [Syscall(201, "time")]
    internal static SyscallResult Time(GuestThread thread, [Out] UserPtr<long> time)
    {
        var now = KernelClock.ToTimespec(thread.Clock.RealtimeNanoseconds).Seconds;
        return !time.IsNull && thread.Memory.Write(time, now) is not Errno.None and var error ? error : now;
    }

    [Syscall(159, "adjtimex")]
    internal static SyscallResult Adjtimex(GuestThread thread, [Out] UserPtr<Timex> state) => ClockAdjtime(thread, ClockId.CLOCK_REALTIME, state);

    /// <summary>Only asks: the host's clock is the host's to discipline, so setting is EPERM for everyone.</summary>
    [Syscall(305, "clock_adjtime")]
    internal static SyscallResult ClockAdjtime(GuestThread thread, ClockId clock, [Out] UserPtr<Timex> state)
    {
        if (clock != ClockId.CLOCK_REALTIME)
            return GuestClocks.Read(thread, clock).IsOk ? Errno.EOPNOTSUPP : Errno.EINVAL;
        if (thread.Memory.Read(state, out var given) is not Errno.None and var error)
            return error;
        if (given.Modes != 0)
            return Errno.EPERM;
        given = new Timex
        {
            MaximumError = 16_000_000,
            EstimatedError = 16_000_000,
            Status = Timex.STA_UNSYNC,
            Constant = 2,
            Precision = 1,
            Tolerance = 32_768_000,
            Time = Timeval.FromNanoseconds(thread.Clock.RealtimeNanoseconds),
            Tick = 10_000,
        };
        return thread.Memory.Write(state, given) is not Errno.None and var unwritable ? unwritable : Timex.TIME_ERROR;
    }
}
