using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>struct futex_q</c>. A thread's place in the queue of a futex. Changes with the lock of the bucket it hangs in.</summary>
internal sealed class FutexWaiter(GuestThread thread)
{
    private volatile FutexBucket? _bucket;

    internal GuestThread Thread => thread;

    internal FutexKey Key { get; set; }

    /// <summary>Where the word is for this thread, to write into it whose lock it is.</summary>
    internal ulong Address { get; set; }

    internal uint Bitset { get; set; }

    /// <summary>Of several the higher goes first: the thread's real-time priority, 0 for others.</summary>
    internal int Priority { get; private set; }

    /// <summary>The lock it waits for; null for one that waits to be woken only.</summary>
    internal FutexPiState? PiState { get; set; }

    /// <summary>Linux: <c>requeue_pi_key</c>: the lock it will have before it is woken (FUTEX_WAIT_REQUEUE_PI); null for others.</summary>
    internal FutexKey? TargetKey { get; private set; }

    /// <summary>Where that lock's word is.</summary>
    internal ulong TargetAddress { get; private set; }

    /// <summary>Nobody may wake it but by giving it a lock.</summary>
    internal bool WaitsForLock => PiState is not null || TargetKey is not null;

    /// <summary>Where it hangs; null once it has been woken, or has been given the lock it waited for.</summary>
    internal FutexBucket? Bucket
    {
        get => _bucket;
        set => _bucket = value;
    }

    internal FutexWaiter? Next { get; set; }

    internal FutexWaiter? Previous { get; set; }

    /// <summary>For a new wait.</summary>
    internal void Prepare(in FutexKey key, ulong address, uint bitset)
    {
        (Key, Address, Bitset, Priority) = (key, address, bitset, thread.Attributes.RealtimePriority);
        (PiState, TargetKey) = (null, null);
    }

    /// <summary>Of a wait for another futex's lock.</summary>
    internal void PrepareForRequeue(in FutexKey target, ulong address) => (TargetKey, TargetAddress) = (target, address);

    /// <summary>It waits for the lock itself from now on.</summary>
    internal void HasBeenRequeued() => TargetKey = null;
}
