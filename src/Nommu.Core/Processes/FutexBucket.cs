using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>struct futex_hash_bucket</c>. Waiters of all futexes that hash alike: by falling priority, and in the order they came.</summary>
internal sealed class FutexBucket(int index)
{
    private FutexWaiter? _last;
    private int _expected;

    internal Lock Lock { get; } = new();

    /// <summary>For the order of locks.</summary>
    internal int Index => index;

    internal FutexWaiter? First { get; private set; }

    /// <summary>Nobody waits here or is about to. Looked at without the lock: a waiter announces itself before it looks at the futex word, a waker has changed the word before it asks.</summary>
    internal bool IsIdle
    {
        get
        {
            Interlocked.MemoryBarrier();
            return Volatile.Read(ref _expected) == 0;
        }
    }

    internal void Announce() => Interlocked.Increment(ref _expected);

    internal void Renounce() => Interlocked.Decrement(ref _expected);

    /// <summary>Linux: <c>futex_top_waiter</c>. Under the lock.</summary>
    internal FutexWaiter? FirstOf(in FutexKey key)
    {
        var waiter = First;
        while (waiter is not null && !waiter.Key.Equals(key))
            waiter = waiter.Next;
        return waiter;
    }

    /// <summary>One who has been announced joins. Under the lock.</summary>
    internal void Add(FutexWaiter waiter)
    {
        var before = _last;
        while (before is not null && before.Priority < waiter.Priority)
            before = before.Previous;
        var next = before is null ? First : before.Next;
        waiter.Bucket = this;
        (waiter.Previous, waiter.Next) = (before, next);
        if (before is null)
            First = waiter;
        else
            before.Next = waiter;
        if (next is null)
            _last = waiter;
        else
            next.Previous = waiter;
    }

    /// <summary>Takes one out and forgets its announcement. Under the lock.</summary>
    internal void Remove(FutexWaiter waiter)
    {
        Unlink(waiter);
        waiter.Bucket = null;
        Renounce();
    }

    /// <summary>To another bucket, at no time in none. Under both locks.</summary>
    internal void Move(FutexWaiter waiter, FutexBucket target)
    {
        Unlink(waiter);
        target.Announce();
        target.Add(waiter);
        Renounce();
    }

    private void Unlink(FutexWaiter waiter)
    {
        if (waiter.Previous is null)
            First = waiter.Next;
        else
            waiter.Previous.Next = waiter.Next;
        if (waiter.Next is null)
            _last = waiter.Previous;
        else
            waiter.Next.Previous = waiter.Previous;
        waiter.Next = waiter.Previous = null;
    }
}
