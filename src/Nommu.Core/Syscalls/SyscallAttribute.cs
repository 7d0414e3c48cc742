using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>The whole registration of a system call: a static method of this shape. Dispatch, trace and the list of supported calls are generated from it.</summary>
/// <remarks><c>static SyscallResult Name(GuestThread thread, up to six arguments)</c>: integers, enums, or structs made of an address. An argument takes the low bits of its register, as in C.</remarks>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SyscallAttribute(int number, string name) : Attribute
{
    internal int Number { get; } = number;

    internal string Name { get; } = name;
}

/// <summary>The six argument registers: rdi, rsi, rdx, r10, r8, r9 (syscall(2)).</summary>
internal readonly record struct SyscallArguments(ulong A0, ulong A1, ulong A2, ulong A3, ulong A4, ulong A5);

/// <summary>A system call with its registers still untyped; the table holds one for each number.</summary>
internal delegate SyscallResult SyscallHandler(GuestThread thread, in SyscallArguments arguments);

/// <summary>What the trace and the list of supported calls know of a system call.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Name">Its name in C.</param>
/// <param name="Arguments">Its arguments.</param>
internal sealed record SyscallDescription(int Number, string Name, SyscallArgument[] Arguments);

/// <summary>What the trace knows of an argument.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsText">It is the address of a path.</param>
/// <param name="Format">For numbers and flags; null for addresses.</param>
internal sealed record SyscallArgument(string Name, bool IsText, SyscallArgumentFormat? Format);

/// <summary>Shows one of the arguments.</summary>
internal delegate string SyscallArgumentFormat(in SyscallArguments arguments);
