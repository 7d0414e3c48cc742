using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>Linux: futex(2)'s hash table. Differs: an address is all the key there is, since all processes share one address space; so private and shared futexes are one.</summary>
/// <remarks>Lock order: of two buckets the lower index first. Under them a futex word is touched and threads are woken, nothing else is locked.</remarks>
internal sealed class FutexTable
{
    private const int Count = 256;

    /// <summary>FUTEX_BITSET_MATCH_ANY.</summary>
    internal const uint MatchAny = uint.MaxValue;

    private readonly FutexBucket[] _buckets = new FutexBucket[Count];

    internal FutexTable()
    {
        for (var i = 0; i < Count; i++)
            _buckets[i] = new FutexBucket(i);
    }

    /// <summary>Sleeps until woken, where the word still is what the caller has seen.</summary>
    /// <returns>None when woken; EAGAIN where the word is another, ETIMEDOUT, ERESTARTSYS, EFAULT.</returns>
    internal Errno Wait(GuestThread thread, ulong address, uint expected, uint bitset, FutexDeadline deadline)
    {
        var waiter = thread.FutexWaiter;
        (waiter.Address, waiter.Bitset) = (address, bitset);
        var bucket = BucketOf(address);
        bucket.Announce();
        Errno error;
        lock (bucket.Lock)
        {
            error = thread.Memory.LoadWord(address, out var value);
            if (error == Errno.None && value != expected)
                error = Errno.EAGAIN;
            if (error == Errno.None)
                bucket.Add(waiter);
        }
        if (error != Errno.None)
        {
            bucket.Renounce();
            return error;
        }
        if (!deadline.IsRealtime)
            return Sleep(thread, waiter, deadline);
        thread.PollTable.Add(thread.Clock.WasSet);
        error = Sleep(thread, waiter, deadline);
        thread.PollTable.Clear();
        return error;
    }

    /// <summary>Wakes waiters in the order they came; at least one, as Linux does whatever the count.</summary>
    /// <returns>How many.</returns>
    internal int Wake(ulong address, int count, uint bitset)
    {
        var bucket = BucketOf(address);
        if (bucket.IsIdle)
            return 0;
        lock (bucket.Lock)
            return WakeLocked(bucket, address, count, bitset);
    }

    /// <summary>Wakes some and lets others wait for another futex.</summary>
    /// <param name="memory">Where the word is.</param>
    /// <param name="from">Whom they wait for.</param>
    /// <param name="to">Whom they will wait for.</param>
    /// <param name="wake">How many wake at most.</param>
    /// <param name="move">How many move at most.</param>
    /// <param name="expected">What the word must be; null where it does not matter.</param>
    /// <returns>How many woke and moved; EAGAIN where the word is another.</returns>
    internal Result<int> Requeue(UserMemory memory, ulong from, ulong to, int wake, int move, uint? expected)
    {
        var (source, target) = (BucketOf(from), BucketOf(to));
        target.Announce(); // whoever moves is expected there before it has gone here
        Lock(source, target);
        try
        {
            if (expected is { } value)
            {
                if (memory.LoadWord(from, out var found) is not Errno.None and var error)
                    return error;
                if (found != value)
                    return Errno.EAGAIN;
            }
            return RequeueLocked(source, target, from, to, wake, move);
        }
        finally
        {
            Unlock(source, target);
            target.Renounce();
        }
    }

    /// <summary>Changes a second word, wakes waiters of the first, and those of the second if it was as the operation says.</summary>
    internal Result<int> WakeOp(UserMemory memory, ulong first, ulong second, int wakeFirst, int wakeSecond, FutexWakeOp operation)
    {
        var (one, other) = (BucketOf(first), BucketOf(second));
        Lock(one, other);
        try
        {
            var changed = operation.Apply(memory, second);
            if (!changed.TryGet(out var holds))
                return changed.Error;
            var woken = WakeLocked(one, first, wakeFirst, MatchAny);
            return holds ? woken + WakeLocked(other, second, wakeSecond, MatchAny) : woken;
        }
        finally
        {
            Unlock(one, other);
        }
    }

    private FutexBucket BucketOf(ulong address) => _buckets[(int)((address >> 2) * 0x9E3779B97F4A7C15 >> 56)];

    private static Errno Sleep(GuestThread thread, FutexWaiter waiter, FutexDeadline deadline)
    {
        while (true)
        {
            var slept = thread.Sleep(deadline.IsNever ? deadline.Nanoseconds : deadline.ToMonotonic(thread.Clock));
            if (waiter.Bucket is null)
                return Errno.None;
            if (slept != Errno.None)
                return Leave(waiter) ? slept : Errno.None;
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
                return true;
            }
        }
        return false;
    }

    private static int WakeLocked(FutexBucket bucket, ulong address, int count, uint bitset)
    {
        var woken = 0;
        FutexWaiter? next;
        for (var waiter = bucket.First; waiter is not null; waiter = next)
        {
            next = waiter.Next;
            if (waiter.Address != address || (waiter.Bitset & bitset) == 0)
                continue;
            bucket.Remove(waiter);
            waiter.Thread.Wake();
            if (++woken >= count)
                break;
        }
        return woken;
    }

    private static int RequeueLocked(FutexBucket source, FutexBucket target, ulong from, ulong to, int wake, int move)
    {
        var done = 0;
        FutexWaiter? next;
        for (var waiter = source.First; waiter is not null && done - wake < move; waiter = next)
        {
            next = waiter.Next;
            if (waiter.Address != from)
                continue;
            if (++done <= wake)
            {
                source.Remove(waiter);
                waiter.Thread.Wake();
                continue;
            }
            waiter.Address = to;
            if (source == target)
                continue;
            source.Move(waiter, target);
        }
        return done;
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
