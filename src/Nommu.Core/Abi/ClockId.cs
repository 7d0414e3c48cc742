namespace Nommu.Core.Abi;

/// <summary>Linux: <c>clockid_t</c> (clock_gettime(2)). Negative ones mean a process, a thread or an open clock device.</summary>
internal enum ClockId
{
    CLOCK_REALTIME = 0,
    CLOCK_MONOTONIC = 1,
    CLOCK_PROCESS_CPUTIME_ID = 2,
    CLOCK_THREAD_CPUTIME_ID = 3,
    CLOCK_MONOTONIC_RAW = 4,
    CLOCK_REALTIME_COARSE = 5,
    CLOCK_MONOTONIC_COARSE = 6,
    CLOCK_BOOTTIME = 7,
    CLOCK_REALTIME_ALARM = 8,
    CLOCK_BOOTTIME_ALARM = 9,
    CLOCK_TAI = 11,
}

/// <summary>Linux: the flags of clock_nanosleep(2) and timer_settime(2).</summary>
[Flags]
internal enum TimerFlags
{
    None = 0,
    TIMER_ABSTIME = 1,
}

/// <summary>Linux: the flags of timerfd_settime(2) and timerfd_create(2).</summary>
[Flags]
internal enum TimerfdFlags
{
    None = 0,
    TFD_TIMER_ABSTIME = 1,
    TFD_TIMER_CANCEL_ON_SET = 2,
    TFD_NONBLOCK = 0x800,
    TFD_CLOEXEC = 0x80000,
}

/// <summary>Linux: the three timers of setitimer(2).</summary>
internal enum ItimerWhich
{
    ITIMER_REAL = 0,
    ITIMER_VIRTUAL = 1,
    ITIMER_PROF = 2,
}
