namespace Nommu.Core.Host;

/// <summary>How much processor time one thread of the host has had.</summary>
internal sealed unsafe class HostThreadTimes
{
    private const int RUSAGE_THREAD = 1;
    private const int RusageWords = 18;
    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly int _clock;

    /// <summary>How the host's kernel makes a clock of a thread's number (clock_gettime(2), clock_getcpuclockid(3)): by thread, in the exact form.</summary>
    private HostThreadTimes(int tid) => (Id, _clock) = (tid, (~tid << 3) | 6);

    /// <summary>The host's number of the thread.</summary>
    internal int Id { get; }

    internal static HostThreadTimes OfCurrentThread() => new((int)HostCalls.syscall(HostCalls.SYS_gettid, 0, 0, 0, 0, 0, 0));

    /// <summary>All of it in nanoseconds. From any thread of this process; 0 once the thread is gone.</summary>
    internal long Total
    {
        get
        {
            var time = stackalloc long[2];
            return HostCalls.clock_gettime(_clock, time) == 0 ? (time[0] * NanosecondsPerSecond) + time[1] : 0;
        }
    }

    /// <summary>What of the current thread's the host's kernel has had, to the microsecond.</summary>
    internal static long OwnSystem
    {
        get
        {
            var usage = stackalloc long[RusageWords];
            return HostCalls.getrusage(RUSAGE_THREAD, usage) == 0 ? (usage[2] * NanosecondsPerSecond) + (usage[3] * 1000) : 0;
        }
    }
}
