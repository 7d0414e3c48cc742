using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>reboot(2) and vhangup(2).</summary>
internal static class RebootSyscalls
{
    private const uint FirstMagic = 0xfee1dead;

    /// <summary>Whoever owns the machine is told; all processes end, the caller too.</summary>
    [Syscall(169, "reboot")]
    internal static SyscallResult Reboot(GuestThread thread, uint first, uint second, RebootCommand command, ulong argument)
    {
        _ = argument; // a text for the firmware, which there is none of
        if (!thread.Credentials.Has(Capability.CAP_SYS_BOOT))
            return Errno.EPERM;
        if (first != FirstMagic || second is not (672274793 or 85072278 or 369367448 or 537993216))
            return Errno.EINVAL;
        switch (command)
        {
            case RebootCommand.LINUX_REBOOT_CMD_CAD_ON or RebootCommand.LINUX_REBOOT_CMD_CAD_OFF:
                thread.Machine.CtrlAltDelRestarts = command == RebootCommand.LINUX_REBOOT_CMD_CAD_ON;
                return Errno.None;
            case RebootCommand.LINUX_REBOOT_CMD_HALT:
                return Halt(thread, HaltReason.Halt);
            case RebootCommand.LINUX_REBOOT_CMD_POWER_OFF:
                return Halt(thread, HaltReason.PowerOff);
            case RebootCommand.LINUX_REBOOT_CMD_RESTART or RebootCommand.LINUX_REBOOT_CMD_RESTART2:
                return Halt(thread, HaltReason.Restart);
            default:
                return Errno.EINVAL; // a kernel without kexec and hibernation
        }
    }

    private static Errno Halt(GuestThread thread, HaltReason reason)
    {
        if (thread.Machine.HaltRequested is not { } halt)
            return Errno.EPERM;
        halt(reason);
        return Errno.None;
    }
}
