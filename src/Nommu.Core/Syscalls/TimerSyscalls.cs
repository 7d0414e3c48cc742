using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Time;

namespace Nommu.Core.Syscalls;

/// <summary>alarm(2), getitimer(2), setitimer(2).</summary>
internal static class TimerSyscalls
{
    private const long HalfSecond = KernelClock.NanosecondsPerSecond / 2;

    /// <summary>Answers the seconds that were left, rounded, but not to none.</summary>
    [Syscall(37, "alarm")]
    internal static SyscallResult Alarm(GuestThread thread, uint seconds)
    {
        TimerSetting old;
        lock (thread.Process.Tasks.Lock)
            old = thread.Process.Timers.Set(ItimerWhich.ITIMER_REAL, new TimerSetting(seconds * KernelClock.NanosecondsPerSecond, 0));
        if (old.Value == 0)
            return 0;
        return Math.Max(1, old.Value / KernelClock.NanosecondsPerSecond + (old.Value % KernelClock.NanosecondsPerSecond >= HalfSecond ? 1 : 0));
    }

    [Syscall(36, "getitimer")]
    internal static SyscallResult Getitimer(GuestThread thread, ItimerWhich which, [Out] UserPtr<Itimerval> value)
    {
        if (which is < ItimerWhich.ITIMER_REAL or > ItimerWhich.ITIMER_PROF)
            return Errno.EINVAL;
        TimerSetting setting;
        lock (thread.Process.Tasks.Lock)
            setting = thread.Process.Timers.Get(which);
        return thread.Memory.Write(value, setting.ToItimerval());
    }

    [Syscall(38, "setitimer")]
    internal static SyscallResult Setitimer(GuestThread thread, ItimerWhich which, UserPtr<Itimerval> value, [Out] UserPtr<Itimerval> old)
    {
        var given = default(Itimerval);
        if (!value.IsNull && thread.Memory.Read(value, out given) is not Errno.None and var error)
            return error;
        if (which is < ItimerWhich.ITIMER_REAL or > ItimerWhich.ITIMER_PROF || !given.Value.IsValid || !given.Interval.IsValid)
            return Errno.EINVAL;
        TimerSetting previous;
        lock (thread.Process.Tasks.Lock)
            previous = thread.Process.Timers.Set(which, TimerSetting.From(given));
        return old.IsNull ? Errno.None : thread.Memory.Write(old, previous.ToItimerval());
    }
}
