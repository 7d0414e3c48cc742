using System.Runtime.CompilerServices;

namespace Nommu.Core.Host;

/// <summary>Where one host thread sleeps until another has something for it: a futex word with a sticky token. Exact to the microsecond, allocates nothing.</summary>
/// <remarks>
/// <see cref="Unpark"/> before <see cref="Park"/> makes it return at once. A sleeper asks the host to sleep at once: giving up the processor a few times first saves a futex call where both ends share one,
/// but hands whole time slices to whoever else wants it, so that on a busy machine a vfork and execve took ten times as long.
/// The word lies in a pinned array, so that who wakes a sleeper that has just gone for good touches memory that is still there.
/// </remarks>
internal sealed unsafe class HostThreadPark
{
    private const int FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129;
    private const int Empty = 0, Token = 1, Sleeping = -1;

    private readonly int[] _line = GC.AllocateArray<int>(16, pinned: true);
    private readonly int* _word;

    internal HostThreadPark() => _word = (int*)Unsafe.AsPointer(ref _line[0]);

    /// <summary>Sleeps until the token is there, and takes it. One thread only.</summary>
    /// <param name="nanoseconds">How long at most; negative for ever.</param>
    /// <returns>False when the time was over first. May also return true early, for nothing.</returns>
    internal bool Park(long nanoseconds)
    {
        if (Interlocked.CompareExchange(ref *_word, Empty, Token) == Token)
            return true;
        if (nanoseconds == 0)
            return false;
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

    /// <summary>Leaves the token. From any thread.</summary>
    internal void Unpark()
    {
        if (Interlocked.Exchange(ref *_word, Token) == Sleeping)
            _ = HostCalls.syscall(HostCalls.SYS_futex, (nint)_word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
    }
}
