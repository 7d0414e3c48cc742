using Nommu.Core.Fs;
using Nommu.Core.Memory;

namespace Nommu.Core.Loader;

/// <summary>A program in memory that has not run yet: what execve(2) puts in the place of a process's old image. Whoever gets it owns it.</summary>
public sealed class LoadedImage
{
    internal LoadedImage(AddressSpace space, FileDescription executable, ulong entry, ulong stackPointer)
    {
        (Space, Executable, Entry, StackPointer) = (space, executable.Retain(), entry, stackPointer);
    }

    /// <summary>The new memory, with one reference.</summary>
    internal AddressSpace Space { get; }

    /// <summary>What /proc/PID/exe shows, with one reference. For a script, the interpreter.</summary>
    internal FileDescription Executable { get; }

    /// <summary>Linux: <c>bprm-&gt;filename</c>'s last part, from which the thread's name is made: the script's, where it is one.</summary>
    public required ReadOnlyMemory<byte> FileName { get; init; }

    /// <summary>Where the program begins: the interpreter's entry point where there is one.</summary>
    internal ulong Entry { get; }

    /// <summary>At argc.</summary>
    internal ulong StackPointer { get; }

    /// <summary>Whose rights it gets; null for the caller's own.</summary>
    internal ExecCredentials? Credentials { get; init; }

    /// <summary>Gives the program up before it ran.</summary>
    internal void Abandon()
    {
        Space.Release();
        Executable.Release();
    }
}
