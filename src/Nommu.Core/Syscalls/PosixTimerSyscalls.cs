using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Signals;
using Nommu.Core.Time;

namespace Nommu.Core.Syscalls;

/// <summary>timer_create(2), timer_settime(2), timer_gettime(2), timer_getoverrun(2), timer_delete(2).</summary>
internal static class PosixTimerSyscalls
{
    [Syscall(222, "timer_create")]
    internal static SyscallResult TimerCreate(GuestThread thread, ClockId clock, UserPtr<Sigevent> notify, [Out] UserPtr<int> id)
    {
        var given = new Sigevent { Notify = Sigevent.SIGEV_SIGNAL, Signal = (int)Signal.SIGALRM };
        if (!notify.IsNull && thread.Memory.Read(notify, out given) is not Errno.None and var error)
            return error;
        CpuClock? cpu = null;
        switch (clock)
        {
            case ClockId.CLOCK_REALTIME or ClockId.CLOCK_MONOTONIC or ClockId.CLOCK_BOOTTIME or ClockId.CLOCK_TAI:
                break;
            case ClockId.CLOCK_MONOTONIC_RAW or ClockId.CLOCK_REALTIME_COARSE or ClockId.CLOCK_MONOTONIC_COARSE:
            case ClockId.CLOCK_REALTIME_ALARM or ClockId.CLOCK_BOOTTIME_ALARM:
                return Errno.EOPNOTSUPP;
            default:
                if (!CpuClock.Find(thread, clock).TryGet(out var found))
                    return Errno.EINVAL;
                cpu = found;
                break;
        }
        var process = thread.Process;
        Result<int> made;
        lock (process.Tasks.Lock)
        {
            if (!FindTarget(thread, given, out var target))
                return Errno.EINVAL;
            if (SigqueuePayer.Of(process, thread).Take(default, mustQueue: false) is not { } signal)
                return Errno.EAGAIN;
            var timer = new PosixTimer(process, clock, cpu, given, target, signal);
            made = process.Timers.Add(timer);
            if (!made.TryGet(out var number))
            {
                timer.Stop();
                return made.Error;
            }
            if (notify.IsNull)
                timer.Value = (ulong)number;
        }
        if (thread.Memory.Write(id, made.Value) is not Errno.None and var unwritable)
        {
            _ = TimerDelete(thread, made.Value);
            return unwritable;
        }
        return Errno.None;
    }

    [Syscall(223, "timer_settime")]
    internal static SyscallResult TimerSettime(GuestThread thread, int id, TimerFlags flags, UserPtr<Itimerspec> value, [Out] UserPtr<Itimerspec> old)
    {
        if (value.IsNull)
            return Errno.EINVAL;
        if (thread.Memory.Read(value, out var given) is not Errno.None and var error)
            return error;
        if (!given.Value.IsValid || !given.Interval.IsValid)
            return Errno.EINVAL;
        TimerSetting previous;
        lock (thread.Process.Tasks.Lock)
        {
            if (thread.Process.Timers.Find(id) is not { } timer)
                return Errno.EINVAL;
            previous = timer.Setting;
            timer.Set(TimerSetting.From(given), (flags & TimerFlags.TIMER_ABSTIME) != 0);
        }
        return old.IsNull ? Errno.None : thread.Memory.Write(old, previous.ToItimerspec());
    }

    [Syscall(224, "timer_gettime")]
    internal static SyscallResult TimerGettime(GuestThread thread, int id, [Out] UserPtr<Itimerspec> value)
    {
        TimerSetting setting;
        lock (thread.Process.Tasks.Lock)
        {
            if (thread.Process.Timers.Find(id) is not { } timer)
                return Errno.EINVAL;
            setting = timer.Setting;
        }
        return thread.Memory.Write(value, setting.ToItimerspec());
    }

    [Syscall(225, "timer_getoverrun")]
    internal static SyscallResult TimerGetoverrun(GuestThread thread, int id)
    {
        lock (thread.Process.Tasks.Lock)
            return thread.Process.Timers.Find(id) is { } timer ? timer.Overrun : Errno.EINVAL;
    }

    [Syscall(226, "timer_delete")]
    internal static SyscallResult TimerDelete(GuestThread thread, int id)
    {
        lock (thread.Process.Tasks.Lock)
        {
            if (thread.Process.Timers.Find(id) is not { } timer)
                return Errno.EINVAL;
            thread.Process.Timers.Remove(timer);
            return Errno.None;
        }
    }

    /// <summary>Linux: <c>good_sigevent</c>.</summary>
    private static bool FindTarget(GuestThread thread, in Sigevent notify, out GuestThread? target)
    {
        target = null;
        switch (notify.Notify)
        {
            case Sigevent.SIGEV_NONE:
                return true;
            case Sigevent.SIGEV_THREAD_ID:
                target = thread.Process.Tasks.FindThread(thread, notify.ThreadId);
                return target is not null && target.Process == thread.Process && IsSignal(notify.Signal);
            case Sigevent.SIGEV_SIGNAL or Sigevent.SIGEV_THREAD:
                return IsSignal(notify.Signal);
            default:
                return false;
        }
    }

    private static bool IsSignal(int signal) => signal is > 0 and <= SigSet.Count;
}
