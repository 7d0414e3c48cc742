using Iced.Intel;

namespace Nommu.Core.Rewriter;

/// <summary>Which instructions may be executed somewhere else than where they stand, without a program noticing.</summary>
internal static class Displacement
{
    /// <summary>True for an instruction that falls through, or branches directly or not, and means the same at another address once its displacement is corrected.</summary>
    internal static bool IsMovable(in Instruction instruction)
    {
        if (!ReachesAfterMove(instruction))
            return false;
        // A call would push the wrong return address. An endbr64 is where an indirect branch arrives. int and int3 are what debuggers and kernels look at. loop and jrcxz have no long form.
        switch (instruction.FlowControl)
        {
            case FlowControl.Next:
                return instruction.Mnemonic is not (Mnemonic.Endbr64 or Mnemonic.Endbr32);
            case FlowControl.ConditionalBranch:
                return instruction.IsJccShortOrNear;
            case FlowControl.UnconditionalBranch:
                return instruction.Code is Code.Jmp_rel8_64 or Code.Jmp_rel32_64;
            case FlowControl.IndirectBranch:
                return instruction.Code == Code.Jmp_rm64;
            case FlowControl.Return:
                return instruction.Mnemonic == Mnemonic.Ret;
            default:
                return false;
        }
    }

    // Stubs lie within 2 GiB of the text at addresses not known yet, so what is addressed relative to rip must be well within that.
    private static bool ReachesAfterMove(in Instruction instruction)
    {
        const long Limit = 1L << 30;
        if (instruction.IsIPRelativeMemoryOperand)
            return instruction.MemoryBase == Register.RIP && Math.Abs((long)(instruction.IPRelativeMemoryAddress - instruction.IP)) < Limit;
        return instruction.Op0Kind != OpKind.NearBranch64 || Math.Abs((long)(instruction.NearBranchTarget - instruction.IP)) < Limit;
    }

    /// <summary>True when nothing falls through to the next instruction.</summary>
    internal static bool EndsFlow(in Instruction instruction) =>
        instruction.FlowControl is FlowControl.UnconditionalBranch or FlowControl.IndirectBranch or FlowControl.Return;

    /// <summary>True for what fills the space between functions.</summary>
    internal static bool IsPadding(in Instruction instruction) =>
        instruction.Mnemonic is Mnemonic.Nop or Mnemonic.Int3 || (instruction.Code == Code.Xchg_rm16_r16 && instruction.Length == 2);
}
