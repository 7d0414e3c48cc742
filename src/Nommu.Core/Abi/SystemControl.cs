namespace Nommu.Core.Abi;

/// <summary>Linux: the commands of reboot(2).</summary>
internal enum RebootCommand : uint
{
    LINUX_REBOOT_CMD_CAD_OFF = 0,
    LINUX_REBOOT_CMD_CAD_ON = 0x89abcdef,
    LINUX_REBOOT_CMD_HALT = 0xcdef0123,
    LINUX_REBOOT_CMD_KEXEC = 0x45584543,
    LINUX_REBOOT_CMD_POWER_OFF = 0x4321fedc,
    LINUX_REBOOT_CMD_RESTART = 0x1234567,
    LINUX_REBOOT_CMD_RESTART2 = 0xa1b2c3d4,
    LINUX_REBOOT_CMD_SW_SUSPEND = 0xd000fce2,
}

/// <summary>Linux: the actions of syslog(2).</summary>
internal enum SyslogAction
{
    SYSLOG_ACTION_CLOSE = 0,
    SYSLOG_ACTION_OPEN = 1,
    SYSLOG_ACTION_READ = 2,
    SYSLOG_ACTION_READ_ALL = 3,
    SYSLOG_ACTION_READ_CLEAR = 4,
    SYSLOG_ACTION_CLEAR = 5,
    SYSLOG_ACTION_CONSOLE_OFF = 6,
    SYSLOG_ACTION_CONSOLE_ON = 7,
    SYSLOG_ACTION_CONSOLE_LEVEL = 8,
    SYSLOG_ACTION_SIZE_UNREAD = 9,
    SYSLOG_ACTION_SIZE_BUFFER = 10,
}

/// <summary>Linux: the bits of personality(2) that are known.</summary>
[Flags]
internal enum Personality : uint
{
    None = 0,
    PER_LINUX32 = 8,
    UNAME26 = 0x20000,
    ADDR_NO_RANDOMIZE = 0x40000,
    FDPIC_FUNCPTRS = 0x80000,
    MMAP_PAGE_ZERO = 0x100000,
    ADDR_COMPAT_LAYOUT = 0x200000,
    READ_IMPLIES_EXEC = 0x400000,
    ADDR_LIMIT_32BIT = 0x800000,
    SHORT_INODE = 0x1000000,
    WHOLE_SECONDS = 0x2000000,
    STICKY_TIMEOUTS = 0x4000000,
    ADDR_LIMIT_3GB = 0x8000000,
}
