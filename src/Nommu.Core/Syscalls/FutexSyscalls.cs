using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;
using Nommu.Core.Time;

namespace Nommu.Core.Syscalls;

/// <summary>futex(2).</summary>
internal static class FutexSyscalls
{
    /// <param name="thread">The caller.</param>
    /// <param name="address">A word of memory.</param>
    /// <param name="operation">With its option bits.</param>
    /// <param name="value">What the word should be, or how many to wake.</param>
    /// <param name="timeout">A time, or for operations with two addresses a second count.</param>
    /// <param name="second">A second word.</param>
    /// <param name="third">A bit set, what the word should be, or an encoded operation.</param>
    [Syscall(202, "futex")]
    internal static SyscallResult Futex(GuestThread thread, ulong address, FutexOperation operation, uint value, [ShownBy(nameof(TraceWriter.FutexTimeout))] ulong timeout, [ShownBy(nameof(TraceWriter.FutexSecond))] ulong second, [ShownBy(nameof(TraceWriter.FutexSecond))] uint third)
    {
        var command = operation & ~(FutexOperation.FUTEX_PRIVATE_FLAG | FutexOperation.FUTEX_CLOCK_REALTIME);
        var deadline = FutexDeadline.Never;
        if (timeout != 0 && HasTimeout(command))
        {
            var read = Deadline(thread, command, operation, new UserPtr<Timespec>(timeout));
            if (!read.TryGet(out deadline))
                return read.Error;
        }
        if ((operation & FutexOperation.FUTEX_CLOCK_REALTIME) != 0
            && command is not (FutexOperation.FUTEX_WAIT_BITSET or FutexOperation.FUTEX_WAIT_REQUEUE_PI or FutexOperation.FUTEX_LOCK_PI2))
            return Errno.ENOSYS;
        var word = new FutexWordArgument(thread, address, (operation & FutexOperation.FUTEX_PRIVATE_FLAG) != 0);
        switch (command)
        {
            case FutexOperation.FUTEX_WAIT:
                return Wait(word, value, FutexTable.MatchAny, deadline);
            case FutexOperation.FUTEX_WAIT_BITSET:
                return Wait(word, value, third, deadline);
            case FutexOperation.FUTEX_WAKE:
                return Wake(word, (int)value, FutexTable.MatchAny);
            case FutexOperation.FUTEX_WAKE_BITSET:
                return Wake(word, (int)value, third);
            case FutexOperation.FUTEX_REQUEUE:
                return Requeue(word, word with { Address = second }, (int)value, (int)timeout, null);
            case FutexOperation.FUTEX_CMP_REQUEUE:
                return Requeue(word, word with { Address = second }, (int)value, (int)timeout, third);
            case FutexOperation.FUTEX_WAKE_OP:
                return WakeOp(word, word with { Address = second }, (int)value, (int)timeout, new FutexWakeOp(third));
            case FutexOperation.FUTEX_LOCK_PI or FutexOperation.FUTEX_LOCK_PI2:
                return FutexLocking.Lock(word, deadline, isTry: false);
            case FutexOperation.FUTEX_TRYLOCK_PI:
                return FutexLocking.Lock(word, FutexDeadline.Never, isTry: true);
            case FutexOperation.FUTEX_UNLOCK_PI:
                return thread.Machine.Futexes.UnlockPi(thread, address, word.IsPrivate);
            case FutexOperation.FUTEX_WAIT_REQUEUE_PI:
                return FutexLocking.WaitForLock(word, value, word with { Address = second }, deadline);
            case FutexOperation.FUTEX_CMP_REQUEUE_PI:
                return FutexLocking.RequeueToLock(word, word with { Address = second }, (int)value, (int)timeout, third);
            default:
                return Errno.ENOSYS;
        }
    }

    /// <summary>Linux: <c>futex_init_timeout</c>.</summary>
    /// <returns>EFAULT, EINVAL for what is no time.</returns>
    internal static Result<FutexDeadline> Deadline(GuestThread thread, FutexOperation command, FutexOperation operation, UserPtr<Timespec> timeout)
    {
        var error = thread.Memory.Read(timeout, out var time);
        if (error != Errno.None)
            return error;
        if (!time.IsValid)
            return Errno.EINVAL;
        if (command == FutexOperation.FUTEX_WAIT)
            return new FutexDeadline(thread.Clock.DeadlineAfter(time));
        return new FutexDeadline(KernelClock.ToNanoseconds(time), command == FutexOperation.FUTEX_LOCK_PI || (operation & FutexOperation.FUTEX_CLOCK_REALTIME) != 0);
    }

    private static bool HasTimeout(FutexOperation command) =>
        command is FutexOperation.FUTEX_WAIT or FutexOperation.FUTEX_WAIT_BITSET or FutexOperation.FUTEX_WAIT_REQUEUE_PI or FutexOperation.FUTEX_LOCK_PI or FutexOperation.FUTEX_LOCK_PI2;

    private static Errno Wait(FutexWordArgument word, uint value, uint bitset, FutexDeadline deadline)
    {
        if (bitset == 0)
            return Errno.EINVAL;
        var known = word.ToKey(forWriting: false);
        if (!known.TryGet(out var key))
            return known.Error;
        var thread = word.Thread;
        var error = thread.Machine.Futexes.Wait(thread, key, word.Address, value, bitset, deadline);
        if (error != Errno.ERESTARTSYS || deadline.IsNever)
            return error;
        thread.Signals.RestartBlock = Restart(word.Address, word.IsPrivate, value, bitset, deadline);
        return Errno.ERESTART_RESTARTBLOCK;
    }

    private static Func<GuestThread, Result<long>> Restart(ulong address, bool isPrivate, uint value, uint bitset, FutexDeadline deadline) =>
        thread => Wait(new FutexWordArgument(thread, address, isPrivate), value, bitset, deadline) is not Errno.None and var error ? error : 0L;

    private static SyscallResult Wake(FutexWordArgument word, int count, uint bitset)
    {
        if (bitset == 0)
            return Errno.EINVAL;
        var known = word.ToKey(forWriting: false);
        return known.TryGet(out var key) ? word.Thread.Machine.Futexes.Wake(key, count, bitset) : known.Error;
    }

    private static SyscallResult Requeue(FutexWordArgument from, FutexWordArgument to, int wake, int move, uint? expected)
    {
        if (wake < 0 || move < 0)
            return Errno.EINVAL;
        var source = from.ToKey(forWriting: false);
        var target = source.IsOk ? to.ToKey(forWriting: false) : source;
        return target.IsOk
            ? from.Thread.Machine.Futexes.Requeue(from.Thread.Memory, source.Value, from.Address, target.Value, to.Address, wake, move, expected)
            : target.Error;
    }

    private static SyscallResult WakeOp(FutexWordArgument first, FutexWordArgument second, int wakeFirst, int wakeSecond, FutexWakeOp operation)
    {
        var one = first.ToKey(forWriting: false);
        var other = one.IsOk ? second.ToKey(forWriting: true) : one;
        return other.IsOk
            ? first.Thread.Machine.Futexes.WakeOp(first.Thread.Memory, one.Value, other.Value, second.Address, wakeFirst, wakeSecond, operation)
            : other.Error;
    }
}
