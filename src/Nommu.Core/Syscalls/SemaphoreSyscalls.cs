using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;
using Nommu.Core.Time;

namespace Nommu.Core.Syscalls;

/// <summary>semget(2), semop(2), semtimedop(2) and semctl(2).</summary>
[SyscallFamily(SyscallClasses.Ipc)]
internal static class SemaphoreSyscalls
{
    /// <summary>Linux: SEMOPM_FAST: so many operations need no memory of their own.</summary>
    private const int FewOperations = 64;

    [Syscall(64, "semget")]
    internal static SyscallResult Semget(GuestThread thread, int key, int count, [ShownBy(nameof(TraceWriter.OctalMode))] int flags) => thread.Ipc.Semaphores.Get(thread, key, count, flags);

    [Syscall(65, "semop")]
    internal static SyscallResult Semop(GuestThread thread, int id, [Elements(nameof(count))] UserPtr<Sembuf> operations, uint count) => Operate(thread, id, operations, count, MonotonicClock.Never);

    [Syscall(220, "semtimedop")]
    internal static SyscallResult Semtimedop(GuestThread thread, int id, [Elements(nameof(count))] UserPtr<Sembuf> operations, uint count, UserPtr<Timespec> timeout)
    {
        if (timeout.IsNull)
            return Operate(thread, id, operations, count, MonotonicClock.Never);
        if (thread.Memory.Read(timeout, out var time) != Errno.None)
            return Errno.EFAULT;
        return time.IsValid ? Operate(thread, id, operations, count, thread.Clock.DeadlineAfter(time)) : Errno.EINVAL;
    }

    [Syscall(66, "semctl")]
    internal static SyscallResult Semctl(GuestThread thread, int id, int number, SemCommand command, ulong argument)
    {
        if (id < 0)
            return Errno.EINVAL;
        var sets = thread.Ipc.Semaphores;
        switch (command)
        {
            case SemCommand.IPC_INFO or SemCommand.SEM_INFO:
                var info = sets.Info(usage: command == SemCommand.SEM_INFO);
                return thread.Memory.Write(new UserPtr<Seminfo>(argument), info) == Errno.None ? sets.HighestIndex : Errno.EFAULT;
            case SemCommand.IPC_STAT or SemCommand.SEM_STAT or SemCommand.SEM_STAT_ANY:
                var found = sets.Stat(thread.Credentials, id, command, out var status);
                return found.IsOk && thread.Memory.Write(new UserPtr<SemidDs>(argument), status) is not Errno.None and var error ? error : found;
            case SemCommand.IPC_SET:
                return thread.Memory.Read(new UserPtr<SemidDs>(argument), out var wanted) == Errno.None ? sets.Set(thread, id, wanted.Perm) : Errno.EFAULT;
            case SemCommand.IPC_RMID:
                return sets.Remove(thread, id);
            case SemCommand.GETVAL or SemCommand.GETPID or SemCommand.GETNCNT or SemCommand.GETZCNT:
                return sets.GetOne(thread, id, number, command);
            case SemCommand.SETVAL:
                return sets.SetOne(thread, id, number, (int)argument);
            case SemCommand.GETALL:
                var all = sets.GetAll(thread, id);
                return all.TryGet(out var values) ? thread.Memory.Write(argument, MemoryMarshal.AsBytes<ushort>(values)) : all.Error;
            case SemCommand.SETALL:
                return SetAll(thread, id, argument);
            default:
                return Errno.EINVAL;
        }
    }

    private static SyscallResult Operate(GuestThread thread, int id, UserPtr<Sembuf> operations, uint count, long deadline)
    {
        if (count < 1 || id < 0)
            return Errno.EINVAL;
        var sets = thread.Ipc.Semaphores;
        if (count > sets.MostOperations)
            return Errno.E2BIG;
        Span<Sembuf> all = count <= FewOperations ? stackalloc Sembuf[(int)count] : new Sembuf[count];
        var error = thread.Memory.Read(operations.Address, MemoryMarshal.AsBytes(all));
        return error == Errno.None ? sets.Operate(thread, id, all, deadline) : error;
    }

    private static SyscallResult SetAll(GuestThread thread, int id, ulong address)
    {
        var counted = thread.Ipc.Semaphores.CountForSetting(thread, id);
        if (!counted.TryGet(out var count))
            return counted.Error;
        var values = new ushort[count];
        var error = thread.Memory.Read(address, MemoryMarshal.AsBytes(values.AsSpan()));
        return error == Errno.None ? thread.Ipc.Semaphores.SetAll(thread, id, values) : error;
    }
}
