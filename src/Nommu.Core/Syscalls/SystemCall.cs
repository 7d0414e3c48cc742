using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>A system call as a host's own handler gets it.</summary>
public readonly ref struct SystemCall
{
    private readonly SyscallArguments _arguments;

    internal SystemCall(int number, GuestThread thread, in SyscallArguments arguments) => (Number, Thread, _arguments) = (number, thread, arguments);

    /// <summary>Its number.</summary>
    public int Number { get; }

    /// <summary>Whose memory the arguments point into.</summary>
    public UserMemory Memory => Thread.Memory;

    /// <summary>Who calls.</summary>
    public GuestProcess Process => Thread.Process;

    /// <summary>The calling thread's number (gettid(2)).</summary>
    public int ThreadId => Thread.Id;

    internal GuestThread Thread { get; }

    internal SyscallArguments Arguments => _arguments;

    /// <summary>An argument: rdi, rsi, rdx, r10, r8, r9 (syscall(2)).</summary>
    /// <param name="index">0 to 5.</param>
    public ulong this[int index] => index switch
    {
        0 => _arguments.A0,
        1 => _arguments.A1,
        2 => _arguments.A2,
        3 => _arguments.A3,
        4 => _arguments.A4,
        5 => _arguments.A5,
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };
}

/// <summary>A host's own handler of a system call, called on the calling thread.</summary>
/// <param name="call">The call.</param>
/// <returns>The answer.</returns>
public delegate SyscallResult SystemCallHandler(in SystemCall call);
