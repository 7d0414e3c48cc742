namespace Nommu.Core.Debugging;

/// <summary>The breakpoints of one address space: int3 in the process's own copy of its text, or in the stub that an instruction was moved to. Guarded by the address space's lock.</summary>
internal sealed class Breakpoints
{
    /// <summary>int3.</summary>
    internal const byte Instruction = 0xcc;

    /// <summary>By where the instruction is: what stood there, and where it was linked.</summary>
    internal Dictionary<ulong, (byte Original, ulong Linked)> Places { get; } = [];
}
