using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>membarrier(2). Every kind is the same here: a barrier on all processors that run threads of the host's process.</summary>
internal static class MembarrierSyscalls
{
    private const MembarrierCommand Registrations = MembarrierCommand.MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED
        | MembarrierCommand.MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | MembarrierCommand.MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE;

    private const MembarrierCommand Supported = Registrations | MembarrierCommand.MEMBARRIER_CMD_GLOBAL | MembarrierCommand.MEMBARRIER_CMD_GLOBAL_EXPEDITED
        | MembarrierCommand.MEMBARRIER_CMD_PRIVATE_EXPEDITED | MembarrierCommand.MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE;

    [Syscall(324, "membarrier")]
    internal static SyscallResult Membarrier(GuestThread thread, MembarrierCommand command, uint flags, int processor)
    {
        _ = processor; // only with a flag that goes with restartable sequences
        if (flags != 0)
            return Errno.EINVAL;
        var process = thread.Process;
        switch (command)
        {
            case MembarrierCommand.MEMBARRIER_CMD_QUERY:
                return (long)Supported;
            case MembarrierCommand.MEMBARRIER_CMD_GET_REGISTRATIONS:
                return (long)process.Barriers;
            case MembarrierCommand.MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED or MembarrierCommand.MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
            case MembarrierCommand.MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
                lock (process.Tasks.Lock)
                    process.Barriers |= command;
                return Errno.None;
            case MembarrierCommand.MEMBARRIER_CMD_PRIVATE_EXPEDITED or MembarrierCommand.MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
                // The registration is the next bit. An interrupt serialises the core it comes to, so one kind serves both.
                if ((process.Barriers & (MembarrierCommand)((int)command << 1)) == 0)
                    return Errno.EPERM;
                break;
            case MembarrierCommand.MEMBARRIER_CMD_GLOBAL or MembarrierCommand.MEMBARRIER_CMD_GLOBAL_EXPEDITED:
                break;
            default:
                return Errno.EINVAL;
        }
        Interlocked.MemoryBarrierProcessWide();
        return Errno.None;
    }
}
