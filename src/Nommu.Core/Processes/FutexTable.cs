using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>Linux: futex(2)'s hash table.</summary>
/// <remarks>Lock order: of two buckets the lower index first. Under them a futex word is touched, a thread is looked up by its number (<see cref="TaskTable.Lock"/>), and last <see cref="FutexPiState"/>'s lock is taken.</remarks>
internal sealed partial class FutexTable
{
    private const int Count = 256;

    /// <summary>FUTEX_BITSET_MATCH_ANY.</summary>
    internal const uint MatchAny = uint.MaxValue;

    private const ulong AddressEnd = 1UL << 47;

    private readonly FutexBucket[] _buckets = new FutexBucket[Count];

    internal FutexTable()
    {
        for (var i = 0; i < Count; i++)
            _buckets[i] = new FutexBucket(i);
    }

    /// <summary>Linux: <c>get_futex_key</c>.</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="address">A word of its memory.</param>
    /// <param name="isPrivate">The caller says that no other process sees it, so nobody has to look what is there.</param>
    /// <param name="forWriting">The call may change the word.</param>
    /// <returns>EINVAL for a word that is not aligned, EFAULT.</returns>
    internal static Result<FutexKey> KeyOf(GuestThread thread, ulong address, bool isPrivate, bool forWriting)
    {
        if ((address & (sizeof(uint) - 1)) != 0)
            return Errno.EINVAL;
        if (address >= AddressEnd)
            return Errno.EFAULT;
        return isPrivate ? new FutexKey(thread.Space, address) : thread.Space.SharedFutexKey(address, forWriting);
    }

    /// <summary>Sleeps until woken, where the word still is what the caller has seen.</summary>
    /// <returns>None when woken; EAGAIN where the word is another, ETIMEDOUT, ERESTARTSYS, EFAULT.</returns>
    internal Errno Wait(GuestThread thread, in FutexKey key, ulong address, uint expected, uint bitset, FutexDeadline deadline)
    {
        var waiter = thread.FutexWaiter;
        waiter.Prepare(key, address, bitset);
        var error = Enqueue(waiter, expected);
        return error == Errno.None ? Sleep(thread, waiter, deadline) : error;
    }

    /// <summary>Wakes waiters in the order they came; at least one, as Linux does whatever the count.</summary>
    /// <returns>How many; EINVAL where one waits for a lock.</returns>
    internal Result<int> Wake(in FutexKey key, int count, uint bitset)
    {
        var bucket = BucketOf(key);
        if (bucket.IsIdle)
            return 0;
        Result<int> woken;
        var wakes = default(FutexWakes);
        lock (bucket.Lock)
            woken = WakeLocked(bucket, key, count, bitset, ref wakes);
        wakes.Wake();
        return woken;
    }

    /// <summary>Changes a second word, wakes waiters of the first, and those of the second if it was as the operation says.</summary>
    internal Result<int> WakeOp(UserMemory memory, in FutexKey first, in FutexKey second, ulong secondAddress, int wakeFirst, int wakeSecond, FutexWakeOp operation)
    {
        var (one, other) = (BucketOf(first), BucketOf(second));
        var wakes = default(FutexWakes);
        Lock(one, other);
        try
        {
            var changed = operation.Apply(memory, secondAddress);
            if (!changed.TryGet(out var holds))
                return changed.Error;
            var woken = WakeLocked(one, first, wakeFirst, MatchAny, ref wakes);
            if (!holds || !woken.IsOk)
                return woken;
            var more = WakeLocked(other, second, wakeSecond, MatchAny, ref wakes);
            return more.IsOk ? woken.Value + more.Value : more;
        }
        finally
        {
            Unlock(one, other);
            wakes.Wake();
        }
    }

    private FutexBucket BucketOf(in FutexKey key) => _buckets[key.Hash % Count];

    /// <summary>Linux: <c>futex_wait_setup</c>.</summary>
    private Errno Enqueue(FutexWaiter waiter, uint expected)
    {
        var bucket = BucketOf(waiter.Key);
        bucket.Announce();
        Errno error;
        lock (bucket.Lock)
        {
            error = waiter.Thread.Memory.LoadWord(waiter.Address, out var value);
            if (error == Errno.None && value != expected)
                error = Errno.EAGAIN;
            if (error == Errno.None)
                bucket.Add(waiter);
        }
        if (error != Errno.None)
            bucket.Renounce();
        return error;
    }

    /// <summary>Until the waiter has been taken out of its queue; on failure it is not there either.</summary>
    private static Errno Sleep(GuestThread thread, FutexWaiter waiter, FutexDeadline deadline)
    {
        if (deadline.IsRealtime)
            thread.PollTable.Add(thread.Clock.WasSet);
        try
        {
            while (true)
            {
                var slept = thread.Sleep(deadline.IsNever ? deadline.Nanoseconds : deadline.ToMonotonic(thread.Clock), takesTurns: true);
                if (waiter.Bucket is null)
                    return Errno.None;
                if (slept != Errno.None)
                    return Leave(waiter) ? slept : Errno.None;
            }
        }
        finally
        {
            if (deadline.IsRealtime)
                thread.PollTable.Clear();
        }
    }

    /// <returns>False where it has been woken meanwhile.</returns>
    private static bool Leave(FutexWaiter waiter)
    {
        while (waiter.Bucket is { } bucket)
        {
            lock (bucket.Lock)
            {
                if (waiter.Bucket != bucket)
                    continue; // moved
                bucket.Remove(waiter);
                waiter.PiState?.Leave(waiter);
                return true;
            }
        }
        return false;
    }

    private static Result<int> WakeLocked(FutexBucket bucket, in FutexKey key, int count, uint bitset, ref FutexWakes wakes)
    {
        var woken = 0;
        FutexWaiter? next;
        for (var waiter = bucket.First; waiter is not null; waiter = next)
        {
            next = waiter.Next;
            if (!waiter.Key.Equals(key))
                continue;
            if (waiter.WaitsForLock)
                return Errno.EINVAL;
            if ((waiter.Bitset & bitset) == 0)
                continue;
            bucket.Remove(waiter);
            wakes.Add(waiter.Thread);
            if (++woken >= count)
                break;
        }
        return woken;
    }

    private static void Lock(FutexBucket one, FutexBucket other)
    {
        var (low, high) = one.Index <= other.Index ? (one, other) : (other, one);
        low.Lock.Enter();
        if (low != high)
            high.Lock.Enter();
    }

    private static void Unlock(FutexBucket one, FutexBucket other)
    {
        one.Lock.Exit();
        if (one != other)
            other.Lock.Exit();
    }
}
