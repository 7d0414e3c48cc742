using Nommu.Core.Abi;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>do_sigaltstack</c> and <c>on_sig_stack</c> (sigaltstack(2)).</summary>
internal static class AlternateStack
{
    private const ulong MinimumSize = 2048; // MINSIGSTKSZ

    /// <summary>True while a stack pointer lies on the stack. One that disarms itself on use is never in use.</summary>
    internal static bool Contains(in StackT stack, ulong sp) =>
        (stack.Flags & StackT.SS_AUTODISARM) == 0 && sp > stack.Pointer && sp - stack.Pointer <= stack.Size;

    /// <summary>Linux: <c>sas_ss_flags</c>: SS_DISABLE, SS_ONSTACK or 0.</summary>
    internal static int State(in StackT stack, ulong sp) =>
        stack.Size == 0 ? StackT.SS_DISABLE : Contains(stack, sp) ? StackT.SS_ONSTACK : 0;

    /// <summary>How sigaltstack(2) reports it.</summary>
    internal static StackT Describe(in StackT stack, ulong sp) =>
        new() { Pointer = stack.Pointer, Size = stack.Size, Flags = State(stack, sp) | (stack.Flags & StackT.SS_AUTODISARM) };

    internal static Errno Change(SignalState state, in StackT wanted, ulong sp)
    {
        var current = state.AlternateStack;
        if (Contains(current, sp))
            return Errno.EPERM;
        var mode = wanted.Flags & ~StackT.SS_AUTODISARM;
        if (mode is not 0 and not StackT.SS_DISABLE and not StackT.SS_ONSTACK)
            return Errno.EINVAL;
        if (mode == StackT.SS_DISABLE)
        {
            state.AlternateStack = new StackT { Flags = wanted.Flags };
            return Errno.None;
        }
        if (wanted.Size < MinimumSize)
            return Errno.ENOMEM;
        state.AlternateStack = wanted;
        return Errno.None;
    }
}
