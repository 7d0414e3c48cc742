using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Nommu.Core.Host;

/// <summary>Where one host thread sleeps until another has something for it: a futex word with a sticky token. Exact to the microsecond, allocates nothing.</summary>
/// <remarks>
/// <para><see cref="Unpark"/> before <see cref="Park"/> makes it return at once.</para>
/// <para>
/// Two threads that take turns on one processor do so in half the time when the one that has nothing to do gives the processor up instead of falling asleep: the other finds nobody to wake. But whoever gives it up also
/// loses its turn to all others that want it, a whole time slice each, which on a busy machine made a vfork and execve ten times as long. So it is tried only by those that may be taking turns (a futex, a pipe; not who waits for a
/// process, or for work), and only as long as it pays, which each sleeper finds out by itself: after a try that brought no token, or took long, the next tries are further apart, up to thousands of sleeps.
/// </para>
/// <para>The word lies in a pinned array, so that who wakes a sleeper that has just gone for good touches memory that is still there.</para>
/// </remarks>
internal sealed unsafe class HostThreadPark
{
    private const int FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129;
    private const int SYS_sched_yield = 24;
    private const int Empty = 0, Token = 1, Sleeping = -1;

    /// <summary>Whoever takes its turn in return is back long before; whoever is back later has waited for somebody else.</summary>
    private const long LongestYield = 20_000;

    private const int MostSleepsBetweenYields = 4095;

    private readonly int[] _line = GC.AllocateArray<int>(16, pinned: true);
    private readonly int* _word;
    private int _sleepsBetweenYields = 15;
    private int _sleepsToYield = 15;

    internal HostThreadPark() => _word = (int*)Unsafe.AsPointer(ref _line[0]);

    /// <summary>Sleeps until the token is there, and takes it. One thread only.</summary>
    /// <param name="nanoseconds">How long at most; negative for ever.</param>
    /// <param name="takesTurns">The thread that will wake it may be waiting for it, and soon be again.</param>
    /// <returns>False when the time was over first. May also return true early, for nothing.</returns>
    internal bool Park(long nanoseconds, bool takesTurns = false)
    {
        if (Interlocked.CompareExchange(ref *_word, Empty, Token) == Token)
            return true;
        if (nanoseconds == 0)
            return false;
        if (takesTurns && (nanoseconds < 0 || nanoseconds > LongestYield) && --_sleepsToYield < 0 && TryYield())
            return true;
        if (Interlocked.CompareExchange(ref *_word, Sleeping, Empty) == Token)
        {
            Volatile.Write(ref *_word, Empty);
            return true;
        }
        var time = stackalloc long[2];
        (time[0], time[1]) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
        _ = HostCalls.syscall(HostCalls.SYS_futex, (nint)_word, FUTEX_WAIT_PRIVATE, Sleeping, nanoseconds < 0 ? 0 : (nint)time, 0, 0);
        var woken = Interlocked.Exchange(ref *_word, Empty) == Token || nanoseconds < 0;
        GC.KeepAlive(_line);
        return woken;
    }

    /// <summary>Somebody sleeps, and nobody has woken it yet.</summary>
    internal bool HasSleeper => Volatile.Read(ref *_word) == Sleeping;

    /// <summary>Leaves the token. From any thread.</summary>
    internal void Unpark()
    {
        if (Interlocked.Exchange(ref *_word, Token) == Sleeping)
            _ = HostCalls.syscall(HostCalls.SYS_futex, (nint)_word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
    }

    private bool TryYield()
    {
        var start = Stopwatch.GetTimestamp();
        _ = HostCalls.syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
        var isWoken = Interlocked.CompareExchange(ref *_word, Empty, Token) == Token;
        _sleepsBetweenYields = isWoken && Stopwatch.GetElapsedTime(start).TotalNanoseconds < LongestYield ? 0 : Math.Min((2 * _sleepsBetweenYields) + 1, MostSleepsBetweenYields);
        _sleepsToYield = _sleepsBetweenYields;
        return isWoken;
    }
}
