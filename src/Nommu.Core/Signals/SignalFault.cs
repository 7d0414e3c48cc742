using Nommu.Core.Abi;
using Nommu.Core.Execution;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>force_sig_fault</c> and its kin in <c>arch/x86/kernel/traps.c</c>: what the processor refused becomes a signal that cannot be put off.</summary>
internal static class SignalFault
{
    private const ulong PageFault = 14;

    /// <summary>Makes a fault pending. The run loop delivers it next.</summary>
    internal static void Raise(GuestThread thread, in GuestExit exit)
    {
        var last = thread.Signals.LastFault;
        thread.Signals.LastFault = new FaultRecord(exit.TrapNumber, exit.ErrorCode, exit.TrapNumber == PageFault ? exit.Address : last.Cr2);
        // The host has the whole arena mapped without access: to it every hole of the guest is a page that is protected.
        var isHole = exit.Signal == (int)Signal.SIGSEGV && exit.Code == SigCode.SEGV_ACCERR && thread.Space.IsHole(exit.Address);
        Force(thread, new Siginfo { Signo = exit.Signal, Code = isHole ? SigCode.SEGV_MAPERR : exit.Code, Address = exit.Address });
    }

    /// <summary>Linux: <c>force_sigsegv</c>: a frame cannot be written. Where that was SIGSEGV's own, there is no way out but the end.</summary>
    internal static void ForceSegmentationFault(GuestThread thread, Signal delivering)
    {
        lock (thread.Process.Tasks.Lock)
        {
            if (delivering == Signal.SIGSEGV)
                thread.Process.Handlers[Signal.SIGSEGV].Handler = Sigaction.SIG_DFL;
            SignalGeneration.Force(thread, Siginfo.FromKernel(Signal.SIGSEGV));
        }
    }

    private static void Force(GuestThread thread, in Siginfo info)
    {
        lock (thread.Process.Tasks.Lock)
            SignalGeneration.Force(thread, info);
    }
}
