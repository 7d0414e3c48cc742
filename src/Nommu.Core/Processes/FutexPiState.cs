using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>struct futex_pi_state</c> with its <c>rt_mutex</c>: a futex that is a lock, as long as somebody waits for it. Differs: nobody's priority is raised, since the host schedules all threads alike; who waits gets the lock by priority all the same.</summary>
/// <param name="owners">Guards who owns and who waits, of all locks: a look for circles needs them to stand still. A leaf.</param>
/// <param name="bucket">Where those who wait hang.</param>
/// <param name="key">Which futex it is.</param>
internal sealed class FutexPiState(Lock owners, FutexBucket bucket, FutexKey key)
{
    private const int LongestChain = 1024;

    private int _waiters;

    internal FutexBucket Bucket => bucket;

    /// <summary>Who has it; null once nobody waits any more.</summary>
    internal GuestThread? Owner { get; private set; }

    /// <summary>Linux: <c>attach_to_pi_owner</c>.</summary>
    /// <returns>False where the owner is ending or has ended.</returns>
    internal bool TryAttachTo(GuestThread owner)
    {
        lock (owners)
        {
            if (owner.FutexExit != FutexExitState.Alive)
                return false;
            SetOwner(owner);
            return true;
        }
    }

    /// <summary>One who will be in the bucket comes to wait.</summary>
    /// <returns>False where it would wait for itself, over whatever other locks and their owners (EDEADLK).</returns>
    internal bool TryJoin(FutexWaiter waiter)
    {
        lock (owners)
        {
            if (LeadsTo(waiter.Thread))
                return false;
            waiter.PiState = this;
            _waiters++;
            return true;
        }
    }

    /// <summary>One who waited has left the bucket without the lock.</summary>
    internal void Leave(FutexWaiter waiter)
    {
        lock (owners)
        {
            waiter.PiState = null;
            if (--_waiters == 0)
                SetOwner(null);
        }
    }

    /// <summary>The first in the bucket, which must be there, gets the lock and wakes. Its number is in the futex word already. Under the bucket's lock.</summary>
    internal void GiveToFirst(FutexWaiter first)
    {
        bucket.Remove(first);
        lock (owners)
        {
            first.PiState = null;
            SetOwner(--_waiters == 0 ? null : first.Thread);
        }
        first.Thread.Wake();
    }

    /// <summary>Forgets the owner if nobody waits.</summary>
    internal void Settle()
    {
        lock (owners)
        {
            if (_waiters == 0)
                SetOwner(null);
        }
    }

    /// <summary>Linux: <c>futex_top_waiter</c>.</summary>
    internal FutexWaiter? First => bucket.FirstOf(key);

    private bool LeadsTo(GuestThread thread)
    {
        var owner = Owner;
        for (var i = 0; i < LongestChain && owner is not null; i++)
        {
            if (owner == thread)
                return true;
            var blockedOn = owner.FutexWaiter.PiState;
            if (blockedOn == this)
                return true;
            owner = blockedOn?.Owner;
        }
        return owner is not null;
    }

    private void SetOwner(GuestThread? owner)
    {
        Owner?.OwnedFutexes.Remove(this);
        Owner = owner;
        owner?.OwnedFutexes.Add(this);
    }
}
