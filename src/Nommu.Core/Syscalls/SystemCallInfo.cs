namespace Nommu.Core.Syscalls;

/// <summary>What a kernel makes of a system call.</summary>
public enum SystemCallState
{
    /// <summary>It answers ENOSYS, as a kernel built without it.</summary>
    NotDone,

    /// <summary>It is done.</summary>
    Done,

    /// <summary>The host has put its own in, or around ours.</summary>
    Host,
}

/// <summary>A line of the list of system calls.</summary>
/// <param name="Number">Its number on x86-64.</param>
/// <param name="Name">Its name in C; empty for a host's own.</param>
/// <param name="State">What becomes of it.</param>
public sealed record SystemCallInfo(int Number, string Name, SystemCallState State);
