using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Execution;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>rt_sigreturn</c>(2): the handler is done, and everything is as its frame says, changed by it or not.</summary>
internal static class SignalReturn
{
    /// <summary>rflags that a program may set: CF PF AF ZF SF TF DF OF RF AC (FIX_EFLAGS).</summary>
    private const ulong SettableFlags = 0x50dd5;
    private const ulong InterruptFlag = 1 << 9;

    /// <summary>A frame that cannot be read, or that would put impossible things into registers, is SIGSEGV.</summary>
    internal static void Run(GuestThread thread)
    {
        ref var registers = ref thread.Cpu.Registers;
        var at = registers.Rsp - sizeof(ulong); // the handler's `ret` has taken the return address
        var frame = default(RtSigframe);
        if (thread.Memory.Read(at, MemoryMarshal.AsBytes(new Span<RtSigframe>(ref frame))) != Errno.None)
        {
            SignalFault.ForceSegmentationFault(thread, Signal.None);
            return;
        }
        thread.Signals.RestartBlock = null;
        SignalMask.Set(thread, frame.Ucontext.Mask);
        // Linux 6.12: judged by the stack that the handler was on, so that one cannot change that by its frame.
        _ = AlternateStack.Change(thread.Signals, frame.Ucontext.Stack, at + sizeof(ulong));
        Restore(frame.Ucontext.Context, ref registers);
        if (!IsCanonical(registers.Rip) || SignalXState.Restore(thread, frame.Ucontext.Context.FpState) != Errno.None)
        {
            SignalFault.ForceSegmentationFault(thread, Signal.None);
            return;
        }
        if (thread.Signals.RestartSites.Take(at, registers.Rip))
            ResumeCall(thread, ref registers);
        registers.Rip = thread.Space.ToStub(registers.Rip);
    }

    /// <summary>As if the call had just been interrupted by a signal without a handler: <see cref="SignalDelivery"/> makes it again, or saves it in the next frame.</summary>
    private static void ResumeCall(GuestThread thread, ref GuestRegisters registers)
    {
        thread.Signals.ResumedCall = (long)registers.Rax;
        registers.Rip += SystemCallRestart.InstructionLength;
        registers.Rax = unchecked((ulong)-(long)Errno.ERESTARTNOINTR);
        thread.SetWork(GuestThread.WorkRestartCall);
    }

    private static bool IsCanonical(ulong address) => address >> 47 == 0;

    private static void Restore(in Sigcontext from, ref GuestRegisters to)
    {
        (to.R8, to.R9, to.R10, to.R11) = (from.R8, from.R9, from.R10, from.R11);
        (to.R12, to.R13, to.R14, to.R15) = (from.R12, from.R13, from.R14, from.R15);
        (to.Rdi, to.Rsi, to.Rbp, to.Rbx) = (from.Rdi, from.Rsi, from.Rbp, from.Rbx);
        (to.Rdx, to.Rax, to.Rcx, to.Rsp) = (from.Rdx, from.Rax, from.Rcx, from.Rsp);
        to.Rip = from.Rip;
        to.Rflags = (to.Rflags & ~SettableFlags) | (from.Rflags & SettableFlags) | InterruptFlag;
    }
}
