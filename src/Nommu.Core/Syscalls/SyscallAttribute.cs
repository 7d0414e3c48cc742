using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>The whole registration of a system call: a static method of this shape. Dispatch, trace and the list of supported calls are generated from it.</summary>
/// <remarks>
/// <c>static SyscallResult Name(GuestThread thread, up to six arguments)</c>: integers, enums, or structs made of an address. An argument takes the low bits of its register, as in C.
/// The trace shows an argument by its type: flags and constants by their names in C, what a <see cref="Memory.UserPtr{T}"/> points to by its fields; an int called fd is a descriptor, a byte pointer called path a path. What a call fills in bears [Out] and is shown when it has been made; for the rest there are the attributes below.
/// </remarks>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SyscallAttribute(int number, string name) : Attribute
{
    internal int Number { get; } = number;

    internal string Name { get; } = name;
}

/// <summary>What the calls of a file are about; that they take a path or a descriptor is seen by their arguments.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class SyscallFamilyAttribute(SyscallClasses classes) : Attribute
{
    internal SyscallClasses Classes { get; } = classes;
}

/// <summary>The pointer leads to as many elements as another argument says; with [Out], as the call has answered.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class ElementsAttribute(string count) : Attribute
{
    internal string Count { get; } = count;
}

/// <summary>The pointer leads to a text that ends with a zero, and is no path.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class TextAttribute : Attribute;

/// <summary>The integer is to be shown as a value of an enum.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class ShownAsAttribute(Type type) : Attribute
{
    internal Type Type { get; } = type;
}

/// <summary>A method of <see cref="TraceWriter"/> shows the argument, since what it is depends on others.</summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.ReturnValue)]
internal sealed class ShownByAttribute(string method) : Attribute
{
    internal string Method { get; } = method;
}

/// <summary>The six argument registers: rdi, rsi, rdx, r10, r8, r9 (syscall(2)).</summary>
internal readonly record struct SyscallArguments(ulong A0, ulong A1, ulong A2, ulong A3, ulong A4, ulong A5)
{
    internal ulong this[int index] => index switch { 0 => A0, 1 => A1, 2 => A2, 3 => A3, 4 => A4, _ => A5 };
}

/// <summary>A system call with its registers still untyped; the table holds one for each number.</summary>
internal delegate SyscallResult SyscallHandler(GuestThread thread, in SyscallArguments arguments);

/// <summary>What the trace and the list of supported calls know of a system call.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Name">Its name in C.</param>
/// <param name="Classes">What it is about.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Result">Shows what it answers where that is more than a number; else null.</param>
internal sealed record SyscallDescription(int Number, string Name, SyscallClasses Classes, SyscallArgument[] Arguments, TraceFormat? Result);

/// <summary>What the trace knows of an argument.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsOut">It is to be shown when the call has been made.</param>
/// <param name="Format">Shows it.</param>
internal sealed record SyscallArgument(string Name, bool IsOut, TraceFormat Format);

/// <summary>Shows a part of a call.</summary>
internal delegate void TraceFormat(TraceWriter writer, in SyscallArguments arguments);
