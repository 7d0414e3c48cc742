using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>futex_requeue</c>: some waiters wake, others come to wait for another futex.</summary>
internal sealed partial class FutexTable
{
    /// <summary>FUTEX_REQUEUE and FUTEX_CMP_REQUEUE.</summary>
    /// <param name="memory">Where the word is.</param>
    /// <param name="from">Whom they wait for.</param>
    /// <param name="fromAddress">Its word.</param>
    /// <param name="to">Whom they will wait for.</param>
    /// <param name="toAddress">Its word.</param>
    /// <param name="wake">How many wake at most.</param>
    /// <param name="move">How many move at most.</param>
    /// <param name="expected">What the word must be; null where it does not matter.</param>
    /// <returns>How many woke and moved; EAGAIN where the word is another, EINVAL where one waits for a lock.</returns>
    internal Result<int> Requeue(UserMemory memory, in FutexKey from, ulong fromAddress, in FutexKey to, ulong toAddress, int wake, int move, uint? expected)
    {
        var (source, target) = (BucketOf(from), BucketOf(to));
        var wakes = default(FutexWakes);
        target.Announce(); // whoever moves is expected there before it has gone here
        Lock(source, target);
        try
        {
            var error = expected is { } value ? Compare(memory, fromAddress, value) : Errno.None;
            return error == Errno.None ? RequeueLocked(source, target, from, to, toAddress, wake, move, ref wakes) : error;
        }
        finally
        {
            Unlock(source, target);
            target.Renounce();
            wakes.Wake();
        }
    }

    private static Errno Compare(UserMemory memory, ulong address, uint expected)
    {
        var error = memory.LoadWord(address, out var found);
        return error == Errno.None && found != expected ? Errno.EAGAIN : error;
    }

    private static Result<int> RequeueLocked(FutexBucket source, FutexBucket target, in FutexKey from, in FutexKey to, ulong toAddress, int wake, int move, ref FutexWakes wakes)
    {
        var done = 0;
        FutexWaiter? next;
        for (var waiter = source.First; waiter is not null && done - wake < move; waiter = next)
        {
            next = waiter.Next;
            if (!waiter.Key.Equals(from))
                continue;
            if (waiter.WaitsForLock)
                return Errno.EINVAL;
            if (++done <= wake)
            {
                source.Remove(waiter);
                wakes.Add(waiter.Thread);
                continue;
            }
            MoveTo(waiter, source, target, to, toAddress);
        }
        return done;
    }

    private static void MoveTo(FutexWaiter waiter, FutexBucket source, FutexBucket target, in FutexKey key, ulong address)
    {
        (waiter.Key, waiter.Address) = (key, address);
        if (source != target)
            source.Move(waiter, target);
    }
}
