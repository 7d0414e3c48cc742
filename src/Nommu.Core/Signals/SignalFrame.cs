using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Execution;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>x64_setup_rt_frame</c>: the registers go to the guest's stack, and the handler starts.</summary>
/// <remarks>
/// From high to low: the red zone (128 bytes, where the stack stays the same), the extended state aligned to 64, then <see cref="RtSigframe"/>, whose first word is the return address, so that rsp+8 is aligned to 16 as at every
/// function's start.
/// </remarks>
internal static class SignalFrame
{
    internal const int RedZone = 128;
    private const ushort UserCodeSegment = 0x33, UserDataSegment = 0x2b;
    private const ulong DirectionFlag = 1 << 10, ResumeFlag = 1 << 16, TrapFlag = 1 << 8;

    /// <param name="thread">The calling thread.</param>
    /// <param name="action">The handler.</param>
    /// <param name="info">The signal.</param>
    /// <param name="mask">What is blocked again once the handler is done.</param>
    /// <param name="restarts">rip points at a system call to be made again.</param>
    /// <returns>False where the stack cannot take it, or the program did not say how a handler returns.</returns>
    internal static bool Push(GuestThread thread, in Sigaction action, in Siginfo info, SigSet mask, bool restarts)
    {
        ref var registers = ref thread.Cpu.Registers;
        var state = thread.Signals;
        if ((action.Flags & SigactionFlags.SA_RESTORER) == 0 || !TryPlace(registers.Rsp, action, state.AlternateStack, thread.Cpu.XStateLayout.UserSize, out var at, out var fpState))
            return false;
        var frame = new RtSigframe { Restorer = action.Restorer, Info = info };
        frame.Ucontext.Flags = Ucontext.UC_FP_XSTATE | Ucontext.UC_SIGCONTEXT_SS | Ucontext.UC_STRICT_RESTORE_SS;
        frame.Ucontext.Stack = state.AlternateStack;
        frame.Ucontext.Mask = mask;
        Save(registers, state.LastFault, ref frame.Ucontext.Context);
        frame.Ucontext.Context.OldMask = mask.Bits;
        frame.Ucontext.Context.FpState = fpState;
        if (SignalXState.Save(thread, fpState) != Errno.None || thread.Memory.Write(at, MemoryMarshal.AsBytes(new ReadOnlySpan<RtSigframe>(in frame))) != Errno.None)
            return false;
        if ((state.AlternateStack.Flags & StackT.SS_AUTODISARM) != 0)
            state.AlternateStack = new StackT { Flags = StackT.SS_DISABLE };
        if (restarts)
            state.RestartSites.Remember(at, registers.Rip);

        registers.Rdi = (ulong)info.Signo;
        registers.Rax = 0; // the count of vector arguments, for handlers without a prototype
        registers.Rsi = at + (ulong)Marshal.OffsetOf<RtSigframe>(nameof(RtSigframe.Info));
        registers.Rdx = at + (ulong)Marshal.OffsetOf<RtSigframe>(nameof(RtSigframe.Ucontext));
        registers.Rip = action.Handler;
        registers.Rsp = at;
        registers.Rflags &= ~(DirectionFlag | ResumeFlag | TrapFlag);
        thread.Cpu.ResetXState();
        return true;
    }

    /// <summary>Linux: <c>get_sigframe</c>.</summary>
    internal static bool TryPlace(ulong rsp, in Sigaction action, in StackT alternate, int xstateSize, out ulong frame, out ulong fpState)
    {
        var sp = rsp - RedZone;
        var nested = AlternateStack.Contains(alternate, rsp);
        var entering = (action.Flags & SigactionFlags.SA_ONSTACK) != 0 && AlternateStack.State(alternate, sp) == 0;
        if (entering)
            sp = alternate.Pointer + alternate.Size;
        fpState = (sp - (ulong)(xstateSize + SignalXState.TrailerSize)) & ~63UL;
        frame = ((fpState - (ulong)Marshal.SizeOf<RtSigframe>()) & ~15UL) - 8;
        return !(nested || entering) || (frame > alternate.Pointer && frame - alternate.Pointer <= alternate.Size);
    }

    private static void Save(in GuestRegisters from, in FaultRecord fault, ref Sigcontext to)
    {
        (to.R8, to.R9, to.R10, to.R11) = (from.R8, from.R9, from.R10, from.R11);
        (to.R12, to.R13, to.R14, to.R15) = (from.R12, from.R13, from.R14, from.R15);
        (to.Rdi, to.Rsi, to.Rbp, to.Rbx) = (from.Rdi, from.Rsi, from.Rbp, from.Rbx);
        (to.Rdx, to.Rax, to.Rcx, to.Rsp) = (from.Rdx, from.Rax, from.Rcx, from.Rsp);
        (to.Rip, to.Rflags) = (from.Rip, from.Rflags);
        (to.Cs, to.Ss) = (UserCodeSegment, UserDataSegment);
        (to.TrapNumber, to.ErrorCode, to.Cr2) = (fault.TrapNumber, fault.ErrorCode, fault.Cr2);
    }
}
