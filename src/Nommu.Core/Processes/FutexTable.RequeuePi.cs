using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>futex_wait_requeue_pi</c> and the other half of <c>futex_requeue</c>: who waits for a condition is handed on to the lock that goes with it, and wakes with the lock.</summary>
internal sealed partial class FutexTable
{
    /// <summary>FUTEX_WAIT_REQUEUE_PI.</summary>
    /// <returns>None with the lock; EAGAIN where the word is another or a signal came while it waited for the lock, EINVAL, ETIMEDOUT, ERESTARTNOINTR, EFAULT.</returns>
    internal Errno WaitForLock(GuestThread thread, in FutexKey key, ulong address, uint expected, in FutexKey target, ulong targetAddress, FutexDeadline deadline)
    {
        if (key.Equals(target))
            return Compare(thread.Memory, address, expected) is not Errno.None and var differs ? differs : Errno.EINVAL;
        var waiter = thread.FutexWaiter;
        waiter.Prepare(key, address, MatchAny);
        waiter.PrepareForRequeue(target, targetAddress);
        var error = Enqueue(waiter, expected);
        if (error != Errno.None)
            return error;
        error = Sleep(thread, waiter, deadline);
        if (error != Errno.ERESTARTSYS)
            return error;
        return waiter.TargetKey is null ? Errno.EAGAIN : Errno.ERESTARTNOINTR;
    }

    /// <summary>FUTEX_CMP_REQUEUE_PI.</summary>
    /// <returns>How many got the lock or wait for it now; EAGAIN where the word is another, EINVAL for waiters of another kind or another lock, EDEADLK, ESRCH, EFAULT.</returns>
    internal Result<int> RequeueToLock(GuestThread thread, in FutexKey from, ulong fromAddress, in FutexKey to, ulong toAddress, int move, uint expected)
    {
        if (from.Equals(to))
            return Errno.EINVAL;
        var (source, target) = (BucketOf(from), BucketOf(to));
        while (true)
        {
            target.Announce();
            Lock(source, target);
            Result<int> done;
            try
            {
                var error = Compare(thread.Memory, fromAddress, expected);
                done = error == Errno.None ? RequeueToLock(source, target, from, to, toAddress, move) : error;
            }
            finally
            {
                Unlock(source, target);
                target.Renounce();
            }
            if (done.Error != Errno.EBUSY)
                return done;
            Thread.Yield();
        }
    }

    private Result<int> RequeueToLock(FutexBucket source, FutexBucket target, in FutexKey from, in FutexKey to, ulong toAddress, int move)
    {
        if (source.FirstOf(from) is not { } first)
            return 0;
        if (!IsMeantFor(first, to))
            return Errno.EINVAL;
        var tried = TryAcquire(first.Thread, target, to, toAddress, withWaiters: move > 0);
        if (!tried.IsOk)
            return tried.Error;
        var done = 0;
        var state = tried.Value;
        if (state is null)
        {
            state = new FutexPiState(_owners, target, to);
            _ = state.TryAttachTo(first.Thread);
            source.Remove(first);
            first.Thread.Wake();
            done = 1;
        }
        var moved = MoveToLock(state, source, target, from, to, move - done + 1);
        state.Settle();
        return moved.IsOk ? done + moved.Value : moved;
    }

    private static Result<int> MoveToLock(FutexPiState state, FutexBucket source, FutexBucket target, in FutexKey from, in FutexKey to, int most)
    {
        var done = 0;
        FutexWaiter? next;
        for (var waiter = source.First; waiter is not null && done < most; waiter = next)
        {
            next = waiter.Next;
            if (!waiter.Key.Equals(from))
                continue;
            if (!IsMeantFor(waiter, to))
                return Errno.EINVAL;
            if (!state.TryJoin(waiter))
                return Errno.EDEADLK;
            waiter.HasBeenRequeued();
            MoveTo(waiter, source, target, to, waiter.TargetAddress);
            done++;
        }
        return done;
    }

    private static bool IsMeantFor(FutexWaiter waiter, in FutexKey target) => waiter.PiState is null && waiter.TargetKey is { } meant && meant.Equals(target);
}
