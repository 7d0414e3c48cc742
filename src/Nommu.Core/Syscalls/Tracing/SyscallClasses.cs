namespace Nommu.Core.Syscalls.Tracing;

/// <summary>What a system call is about, as strace(1) sorts them: <c>-e trace=%file</c>.</summary>
[Flags]
internal enum SyscallClasses
{
    None = 0,

    /// <summary>It takes a path. Seen by its arguments.</summary>
    File = 1,

    /// <summary>It takes a descriptor. Seen by its arguments.</summary>
    Desc = 2,

    Process = 4,
    Network = 8,
    Signal = 16,
    Memory = 32,
    Ipc = 64,
    Creds = 128,
    Clock = 256,
}
