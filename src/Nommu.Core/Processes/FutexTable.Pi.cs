using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>futex/pi.c</c>: futexes that are locks, with the owner's number in the word (futex(2), "Priority-inheritance futexes").</summary>
internal sealed partial class FutexTable
{
    private const uint Waiters = (uint)FutexWord.FUTEX_WAITERS, OwnerDied = (uint)FutexWord.FUTEX_OWNER_DIED, TidMask = (uint)FutexWord.FUTEX_TID_MASK;

    private readonly Lock _owners = new();

    /// <summary>FUTEX_LOCK_PI, FUTEX_LOCK_PI2 and FUTEX_TRYLOCK_PI.</summary>
    /// <returns>None with the lock; EDEADLK, ESRCH where the word names no thread, EINVAL where it names another than the owner, EAGAIN for a try, ETIMEDOUT, ERESTARTNOINTR, EFAULT.</returns>
    internal Errno LockPi(GuestThread thread, in FutexKey key, ulong address, FutexDeadline deadline, bool isTry)
    {
        var waiter = thread.FutexWaiter;
        waiter.Prepare(key, address, MatchAny);
        var bucket = BucketOf(key);
        while (true)
        {
            bucket.Announce();
            Errno error;
            lock (bucket.Lock)
                error = LockOrJoin(waiter, bucket, isTry);
            if (error == Errno.EINPROGRESS)
                return Sleep(thread, waiter, deadline) is not Errno.ERESTARTSYS and var slept ? slept : Errno.ERESTARTNOINTR;
            bucket.Renounce();
            if (error != Errno.EBUSY)
                return error;
            Thread.Yield();
        }
    }

    /// <summary>FUTEX_UNLOCK_PI: the lock goes to whoever waits first, with the number of waiters' bit set, so that the next comes here as well.</summary>
    /// <returns>EPERM for whoever does not have it; EINVAL where the word tells another story than the waiters know, EAGAIN where it changes meanwhile, EFAULT.</returns>
    internal Errno UnlockPi(GuestThread thread, ulong address, bool isPrivate)
    {
        while (true)
        {
            var error = thread.Memory.LoadWord(address, out var word);
            if (error != Errno.None)
                return error;
            if ((word & TidMask) != (uint)thread.Id)
                return Errno.EPERM;
            var known = KeyOf(thread, address, isPrivate, forWriting: true);
            if (!known.TryGet(out var key))
                return known.Error;
            var bucket = BucketOf(key);
            lock (bucket.Lock)
                error = UnlockLocked(thread, bucket, key, address, word);
            if (error != Errno.EBUSY)
                return error;
        }
    }

    /// <summary>Linux: <c>exit_pi_state_list</c>: whoever waits for a lock of a thread that ends gets it, and is told (FUTEX_OWNER_DIED).</summary>
    internal void ReleaseLocksOf(GuestThread thread, FutexExitState next)
    {
        while (true)
        {
            FutexPiState state;
            lock (_owners)
            {
                if (thread.OwnedFutexes.Count == 0)
                {
                    thread.FutexExit = next;
                    return;
                }
                state = thread.OwnedFutexes[^1];
            }
            lock (state.Bucket.Lock)
            {
                if (state.Owner != thread || state.First is not { } first)
                    continue;
                WriteOwner(first, OwnerDied);
                state.GiveToFirst(first);
            }
        }
    }

    /// <summary>The thread begins to let go of its futexes.</summary>
    internal void BeginRelease(GuestThread thread)
    {
        lock (_owners)
            thread.FutexExit = FutexExitState.Exiting;
    }

    /// <returns>None with the lock, EINPROGRESS in the queue, EBUSY for another look, or an error.</returns>
    private Errno LockOrJoin(FutexWaiter waiter, FutexBucket bucket, bool isTry)
    {
        var tried = TryAcquire(waiter.Thread, bucket, waiter.Key, waiter.Address, withWaiters: false);
        if (tried.Value is not { } state)
            return tried.Error;
        var error = isTry ? Errno.EAGAIN : state.TryJoin(waiter) ? Errno.EINPROGRESS : Errno.EDEADLK;
        if (error == Errno.EINPROGRESS)
            bucket.Add(waiter);
        else
            state.Settle();
        return error;
    }

    /// <summary>Linux: <c>futex_lock_pi_atomic</c>. Under the bucket's lock.</summary>
    /// <returns>Null where the thread has the lock now; what to wait in; EBUSY for another look, or an error.</returns>
    private Result<FutexPiState?> TryAcquire(GuestThread thread, FutexBucket bucket, in FutexKey key, ulong address, bool withWaiters)
    {
        var error = thread.Memory.LoadWord(address, out var word);
        if (error != Errno.None)
            return error;
        var owner = word & TidMask;
        if (owner == (uint)thread.Id)
            return Errno.EDEADLK;
        if (bucket.FirstOf(key) is { } first)
        {
            // Between the two, the owner is ending and has said so in the word already; whoever waits gets it soon.
            var isKnown = first.PiState?.Owner is { } known && (owner == (uint)known.Id || (owner == 0 && (word & OwnerDied) != 0));
            return isKnown ? first.PiState : Errno.EINVAL;
        }
        var desired = owner != 0 ? word | Waiters : (word & OwnerDied) | (uint)thread.Id | (withWaiters ? Waiters : 0);
        var found = word;
        error = thread.Memory.CompareExchangeWord(address, ref found, desired);
        if (error != Errno.None)
            return error;
        if (found != word)
            return Errno.EBUSY;
        return owner == 0 ? new Result<FutexPiState?>() : AttachTo((int)owner, thread, bucket, key, address, desired);
    }

    /// <summary>Linux: <c>attach_to_pi_owner</c> and <c>handle_exit_race</c>.</summary>
    private Result<FutexPiState?> AttachTo(int id, GuestThread thread, FutexBucket bucket, in FutexKey key, ulong address, uint word)
    {
        GuestThread? owner;
        var tasks = thread.Process.Tasks;
        lock (tasks.Lock)
            owner = tasks.FindThread(thread, id);
        if (owner is not null)
        {
            var state = new FutexPiState(_owners, bucket, key);
            if (state.TryAttachTo(owner))
                return state;
            if (owner.FutexExit == FutexExitState.Exiting)
                return Errno.EBUSY;
        }
        var error = thread.Memory.LoadWord(address, out var found);
        return error != Errno.None ? error : found != word ? Errno.EBUSY : Errno.ESRCH;
    }

    private static Errno UnlockLocked(GuestThread thread, FutexBucket bucket, in FutexKey key, ulong address, uint word)
    {
        var found = word;
        Errno error;
        if (bucket.FirstOf(key) is not { } first)
        {
            error = thread.Memory.CompareExchangeWord(address, ref found, 0);
            return error == Errno.None && found != word ? Errno.EAGAIN : error;
        }
        if (first.PiState is not { } state || state.Owner != thread)
            return Errno.EINVAL;
        error = thread.Memory.CompareExchangeWord(address, ref found, Waiters | (uint)first.Thread.Id);
        if (error != Errno.None)
            return error;
        if (found != word)
            return (found & TidMask) == word ? Errno.EBUSY : Errno.EINVAL;
        state.GiveToFirst(first);
        return Errno.None;
    }

    /// <summary>Linux: <c>fixup_pi_state_owner</c>. A word that is no longer there is the waiter's own loss.</summary>
    private static void WriteOwner(FutexWaiter waiter, uint mark)
    {
        var memory = waiter.Thread.Memory;
        var error = memory.LoadWord(waiter.Address, out var word);
        while (error == Errno.None)
        {
            var found = word;
            error = memory.CompareExchangeWord(waiter.Address, ref found, (word & OwnerDied) | mark | Waiters | (uint)waiter.Thread.Id);
            if (found == word)
                return;
            word = found;
        }
    }
}
