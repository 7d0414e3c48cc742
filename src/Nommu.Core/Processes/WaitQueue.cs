namespace Nommu.Core.Processes;

/// <summary>
/// Linux: <c>wait_queue_head_t</c>. Differs: a sleeper is woken with a sticky token, so a wake-up between "not ready" and "asleep" is never lost and may be spurious: whoever sleeps looks again.
/// </summary>
/// <remarks>
/// The one blocking primitive of the kernel: sleeping calls, poll and host-side streams all hang on these queues.
/// Lock order: a queue's lock is a leaf. <see cref="Waiter.Wake"/> runs under whatever locks the waker holds and takes no other kernel lock; it may come after the waiter has left the queue.
/// </remarks>
public sealed class WaitQueue
{
    private readonly Lock _lock = new();
    private WaitEntry? _first;
    private WaitEntry? _last;

    /// <summary>True when nobody waits; a hint, unsynchronised.</summary>
    public bool IsEmpty => Volatile.Read(ref _first) is null;

    /// <summary>Wakes every waiter. Called after the state they wait for has changed.</summary>
    public void Wake()
    {
        // The state change before this call must be visible to a waiter that enqueues after our look at the list (Dekker with Add).
        Interlocked.MemoryBarrier();
        if (IsEmpty)
            return;
        // Woken outside of the lock: a sleeper begins by leaving the queue, and on one processor it runs before this thread goes on.
        Waiter? only;
        Waiter[] all = [];
        lock (_lock)
        {
            only = _first?.Waiter;
            if (_first != _last)
                all = CollectLocked();
        }
        only?.Wake();
        for (var i = 1; i < all.Length; i++)
            all[i].Wake();
    }

    private Waiter[] CollectLocked()
    {
        var count = 0;
        for (var entry = _first; entry is not null; entry = entry.Next)
            count++;
        var all = new Waiter[count];
        count = 0;
        for (var entry = _first; entry is not null; entry = entry.Next)
            all[count++] = entry.Waiter;
        return all;
    }

    internal void Add(WaitEntry entry)
    {
        lock (_lock)
        {
            entry.Queue = this;
            entry.Previous = _last;
            entry.Next = null;
            if (_last is null)
                _first = entry;
            else
                _last.Next = entry;
            _last = entry;
        }
        Interlocked.MemoryBarrier();
    }

    internal void Remove(WaitEntry entry)
    {
        lock (_lock)
        {
            if (entry.Queue != this)
                return;
            if (entry.Previous is null)
                _first = entry.Next;
            else
                entry.Previous.Next = entry.Next;
            if (entry.Next is null)
                _last = entry.Previous;
            else
                entry.Next.Previous = entry.Previous;
            entry.Queue = null;
            entry.Next = entry.Previous = null;
        }
    }
}

/// <summary>Linux: <c>wait_queue_entry</c>. One waiter's place in one queue.</summary>
internal sealed class WaitEntry(Waiter waiter)
{
    internal Waiter Waiter { get; } = waiter;
    internal WaitQueue? Queue { get; set; }
    internal WaitEntry? Next { get; set; }
    internal WaitEntry? Previous { get; set; }

    internal void Leave() => Queue?.Remove(this);
}

/// <summary>Somebody who waits: a guest thread, or the host side of a stream.</summary>
internal abstract class Waiter
{
    /// <summary>Called from any thread, perhaps for nothing; must not block or take kernel locks.</summary>
    internal abstract void Wake();
}
