namespace Nommu.Core.Memory;

/// <summary>Linux: the boundaries in <c>mm_struct</c> (prctl(PR_SET_MM), /proc/PID/stat): where the loader has put what.</summary>
internal sealed class MemoryLayout
{
    internal ulong StartCode { get; set; }

    internal ulong EndCode { get; set; }

    internal ulong StartData { get; set; }

    internal ulong EndData { get; set; }

    internal ulong StartStack { get; set; }

    /// <summary>The first address behind the stack.</summary>
    internal ulong StackTop { get; set; }

    /// <summary>What to add to the program's addresses.</summary>
    internal ulong ImageBias { get; set; }

    /// <summary>What to add to its interpreter's.</summary>
    internal ulong InterpreterBias { get; set; }

    internal ulong ArgStart { get; set; }

    internal ulong ArgEnd { get; set; }

    internal ulong EnvStart { get; set; }

    internal ulong EnvEnd { get; set; }

    /// <summary>As a forked process has it from its parent, or a program from the one that was executed there before.</summary>
    internal void CopyFrom(MemoryLayout other)
    {
        (StartCode, EndCode, StartData, EndData, StartStack) = (other.StartCode, other.EndCode, other.StartData, other.EndData, other.StartStack);
        (StackTop, ImageBias, InterpreterBias) = (other.StackTop, other.ImageBias, other.InterpreterBias);
        (ArgStart, ArgEnd, EnvStart, EnvEnd, AuxiliaryVector) = (other.ArgStart, other.ArgEnd, other.EnvStart, other.EnvEnd, other.AuxiliaryVector);
    }

    /// <summary>The auxiliary vector as the program got it (/proc/PID/auxv).</summary>
    internal byte[] AuxiliaryVector { get; set; } = [];
}
