using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>The operations of futex(2) on locks that have an owner.</summary>
internal static class FutexLocking
{
    internal static Errno Lock(FutexWordArgument word, FutexDeadline deadline, bool isTry)
    {
        var known = word.ToKey(forWriting: true);
        return known.TryGet(out var key) ? word.Thread.Machine.Futexes.LockPi(word.Thread, key, word.Address, deadline, isTry) : known.Error;
    }

    internal static Errno WaitForLock(FutexWordArgument word, uint value, FutexWordArgument target, FutexDeadline deadline)
    {
        if (word.Address == target.Address)
            return Errno.EINVAL;
        var locked = target.ToKey(forWriting: true);
        var known = locked.IsOk ? word.ToKey(forWriting: false) : locked;
        return known.IsOk
            ? word.Thread.Machine.Futexes.WaitForLock(word.Thread, known.Value, word.Address, value, locked.Value, target.Address, deadline)
            : known.Error;
    }

    internal static SyscallResult RequeueToLock(FutexWordArgument from, FutexWordArgument to, int wake, int move, uint expected)
    {
        // Who wakes has the lock, so it can be one only.
        if (wake != 1 || move < 0 || from.Address == to.Address)
            return Errno.EINVAL;
        var source = from.ToKey(forWriting: false);
        var target = source.IsOk ? to.ToKey(forWriting: true) : source;
        return target.IsOk
            ? from.Thread.Machine.Futexes.RequeueToLock(from.Thread, source.Value, from.Address, target.Value, to.Address, move, expected)
            : target.Error;
    }
}
