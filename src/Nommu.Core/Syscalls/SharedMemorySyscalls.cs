using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>shmget(2), shmat(2), shmdt(2) and shmctl(2).</summary>
[SyscallFamily(SyscallClasses.Ipc)]
internal static class SharedMemorySyscalls
{
    [Syscall(29, "shmget")]
    internal static SyscallResult Shmget(GuestThread thread, int key, ulong size, [ShownBy(nameof(TraceWriter.OctalMode))] int flags) => thread.Ipc.SharedMemory.Get(thread, key, size, flags);

    [Syscall(30, "shmat")]
    internal static SyscallResult Shmat(GuestThread thread, int id, ulong address, ShmFlags flags)
    {
        var knew = thread.Space.UsesVectorExtensions;
        var attached = thread.Ipc.SharedMemory.Attach(thread, id, address, flags);
        if (thread.Space.UsesVectorExtensions != knew)
            thread.Process.SaveAllVectors(thread.Space);
        return attached.IsOk ? (long)attached.Value : attached.Error;
    }

    [Syscall(67, "shmdt")]
    internal static SyscallResult Shmdt(GuestThread thread, ulong address) => thread.Space.Detach(address);

    [Syscall(31, "shmctl")]
    internal static SyscallResult Shmctl(GuestThread thread, int id, ShmCommand command, ulong buffer)
    {
        if (id < 0)
            return Errno.EINVAL;
        var segments = thread.Ipc.SharedMemory;
        switch (command)
        {
            case ShmCommand.IPC_INFO:
                return thread.Memory.Write(new UserPtr<Shminfo>(buffer), segments.Limits) == Errno.None ? segments.HighestIndex : Errno.EFAULT;
            case ShmCommand.SHM_INFO:
                return thread.Memory.Write(new UserPtr<ShmInfo>(buffer), segments.Usage) == Errno.None ? segments.HighestIndex : Errno.EFAULT;
            case ShmCommand.IPC_STAT or ShmCommand.SHM_STAT or ShmCommand.SHM_STAT_ANY:
                var found = segments.Stat(thread.Credentials, id, command, out var status);
                return found.IsOk && thread.Memory.Write(new UserPtr<ShmidDs>(buffer), status) is not Errno.None and var error ? error : found;
            case ShmCommand.IPC_SET:
                return thread.Memory.Read(new UserPtr<ShmidDs>(buffer), out var wanted) == Errno.None ? segments.Set(thread, id, wanted.Perm) : Errno.EFAULT;
            case ShmCommand.IPC_RMID:
                return segments.Remove(thread, id);
            case ShmCommand.SHM_LOCK or ShmCommand.SHM_UNLOCK:
                return segments.SetLocked(thread, id, command == ShmCommand.SHM_LOCK);
            default:
                return Errno.EINVAL;
        }
    }
}
