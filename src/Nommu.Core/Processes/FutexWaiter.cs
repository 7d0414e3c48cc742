namespace Nommu.Core.Processes;

/// <summary>Linux: <c>struct futex_q</c>. A thread's place in a queue of a futex; each thread has one, since it can wait for one only.</summary>
internal sealed class FutexWaiter(GuestThread thread)
{
    private volatile FutexBucket? _bucket;

    internal GuestThread Thread => thread;

    internal ulong Address { get; set; }

    internal uint Bitset { get; set; }

    /// <summary>Where it hangs; null once it has been woken. Changes with the lock of the bucket it hangs in.</summary>
    internal FutexBucket? Bucket
    {
        get => _bucket;
        set => _bucket = value;
    }

    internal FutexWaiter? Next { get; set; }

    internal FutexWaiter? Previous { get; set; }
}

/// <summary>Linux: <c>struct futex_hash_bucket</c>. Waiters of all addresses that hash alike, in the order they came.</summary>
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

    /// <summary>One who has been announced joins. Under the lock.</summary>
    internal void Add(FutexWaiter waiter)
    {
        waiter.Bucket = this;
        waiter.Next = null;
        waiter.Previous = _last;
        if (_last is null)
            First = waiter;
        else
            _last.Next = waiter;
        _last = waiter;
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
