namespace Nommu.Core;

/// <summary>Why a kernel has been halted.</summary>
public enum HaltReason
{
    /// <summary>reboot(2) with LINUX_REBOOT_CMD_POWER_OFF, or the host.</summary>
    PowerOff,

    /// <summary>LINUX_REBOOT_CMD_HALT.</summary>
    Halt,

    /// <summary>LINUX_REBOOT_CMD_RESTART or RESTART2.</summary>
    Restart,

    /// <summary>Init has ended, which makes Linux panic.</summary>
    InitExited,
}
