using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Time;

namespace Nommu.Core.Syscalls;

/// <summary>futex(2). Those that inherit priority are not done: nothing here has a priority to inherit.</summary>
internal static class FutexSyscalls
{
    private const ulong AddressEnd = 1UL << 47;

    /// <param name="thread">The caller.</param>
    /// <param name="address">A word of memory.</param>
    /// <param name="operation">With its option bits.</param>
    /// <param name="value">What the word should be, or how many to wake.</param>
    /// <param name="timeout">A time, or for operations with two addresses a second count.</param>
    /// <param name="second">A second word.</param>
    /// <param name="third">A bit set, what the word should be, or an encoded operation.</param>
    [Syscall(202, "futex")]
    internal static SyscallResult Futex(GuestThread thread, ulong address, FutexOperation operation, uint value, ulong timeout, ulong second, uint third)
    {
        var command = operation & ~(FutexOperation.FUTEX_PRIVATE_FLAG | FutexOperation.FUTEX_CLOCK_REALTIME);
        var realtime = (operation & FutexOperation.FUTEX_CLOCK_REALTIME) != 0;
        if (realtime && command != FutexOperation.FUTEX_WAIT_BITSET)
            return Errno.ENOSYS;
        if ((address & 3) != 0)
            return command <= FutexOperation.FUTEX_WAKE_BITSET ? Errno.EINVAL : Errno.ENOSYS;
        if (address >= AddressEnd)
            return Errno.EFAULT;
        var futexes = thread.Machine.Futexes;
        switch (command)
        {
            case FutexOperation.FUTEX_WAIT:
                return Wait(thread, address, value, FutexTable.MatchAny, new UserPtr<Timespec>(timeout), isRelative: true, realtime: false);
            case FutexOperation.FUTEX_WAIT_BITSET:
                return third == 0 ? Errno.EINVAL : Wait(thread, address, value, third, new UserPtr<Timespec>(timeout), isRelative: false, realtime);
            case FutexOperation.FUTEX_WAKE:
                return futexes.Wake(address, (int)value, FutexTable.MatchAny);
            case FutexOperation.FUTEX_WAKE_BITSET:
                return third == 0 ? Errno.EINVAL : futexes.Wake(address, (int)value, third);
            case FutexOperation.FUTEX_REQUEUE or FutexOperation.FUTEX_CMP_REQUEUE or FutexOperation.FUTEX_WAKE_OP:
                return WithTwo(thread, command, address, (int)value, (int)timeout, second, third);
            default:
                return Errno.ENOSYS;
        }
    }

    private static SyscallResult WithTwo(GuestThread thread, FutexOperation command, ulong address, int count, int secondCount, ulong second, uint third)
    {
        if ((second & 3) != 0)
            return Errno.EINVAL;
        if (second >= AddressEnd)
            return Errno.EFAULT;
        var futexes = thread.Machine.Futexes;
        if (command == FutexOperation.FUTEX_WAKE_OP)
            return futexes.WakeOp(thread.Memory, address, second, count, secondCount, new FutexWakeOp(third));
        if (count < 0 || secondCount < 0)
            return Errno.EINVAL;
        return futexes.Requeue(thread.Memory, address, second, count, secondCount, command == FutexOperation.FUTEX_CMP_REQUEUE ? third : null);
    }

    private static Errno Wait(GuestThread thread, ulong address, uint value, uint bitset, UserPtr<Timespec> timeout, bool isRelative, bool realtime)
    {
        var deadline = FutexDeadline.Never;
        if (!timeout.IsNull)
        {
            if (thread.Memory.Read(timeout, out var time) is not Errno.None and var error)
                return error;
            if (!time.IsValid)
                return Errno.EINVAL;
            deadline = new FutexDeadline(isRelative ? thread.Clock.DeadlineAfter(time) : KernelClock.ToNanoseconds(time), realtime);
        }
        return Wait(thread, address, value, bitset, deadline);
    }

    private static Errno Wait(GuestThread thread, ulong address, uint value, uint bitset, FutexDeadline deadline)
    {
        var error = thread.Machine.Futexes.Wait(thread, address, value, bitset, deadline);
        if (error != Errno.ERESTARTSYS || deadline.IsNever)
            return error;
        thread.Signals.RestartBlock = Restart(address, value, bitset, deadline);
        return Errno.ERESTART_RESTARTBLOCK;
    }

    private static Func<GuestThread, Result<long>> Restart(ulong address, uint value, uint bitset, FutexDeadline deadline) =>
        thread => Wait(thread, address, value, bitset, deadline) is not Errno.None and var error ? error : 0L;
}
