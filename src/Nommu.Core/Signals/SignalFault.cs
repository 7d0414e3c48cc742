using Nommu.Core.Abi;
using Nommu.Core.Execution;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>force_sig_fault</c> and its kin in <c>arch/x86/kernel/traps.c</c>: what the processor refused becomes a signal that cannot be put off.</summary>
internal static class SignalFault
{
    private const ulong PageFault = 14;

    /// <summary>Bits of a page fault's error code (Intel SDM, volume 3, 4.7).</summary>
    private const ulong OfWrite = 2, OfFetch = 0x10;

    /// <summary>Makes a fault pending, which the run loop delivers next, unless it was for a mapping that has grown now: then the instruction is run again.</summary>
    internal static void Raise(GuestThread thread, in GuestExit exit)
    {
        if (exit.Signal == (int)Signal.SIGSEGV && exit.TrapNumber == PageFault && thread.TryGrow(exit.Address, HowOf(exit.ErrorCode)))
            return;
        var last = thread.Signals.LastFault;
        thread.Signals.LastFault = new FaultRecord(exit.TrapNumber, exit.ErrorCode, exit.TrapNumber == PageFault ? exit.Address : last.Cr2);
        // The host has the whole arena mapped without access: to it every hole of the guest is a page that is protected.
        var isHole = exit.Signal == (int)Signal.SIGSEGV && exit.Code == SigCode.SEGV_ACCERR && thread.Space.IsHole(exit.Address);
        Force(thread, new Siginfo { Signo = exit.Signal, Code = isHole ? SigCode.SEGV_MAPERR : exit.Code, Address = exit.Address });
    }

    /// <summary>A page that relatives see too was written to, and becomes the writer's own; or part of a stack was touched for the first time. The instruction is run again.</summary>
    internal static bool TryRepair(GuestThread thread, in GuestExit exit)
    {
        if (exit.Signal != (int)Signal.SIGSEGV || exit.TrapNumber != PageFault || !thread.TryRepair(exit.Address, (exit.ErrorCode & OfWrite) != 0))
            return false;
        if (thread.Machine.Arena.Account.Used > thread.Machine.Arena.Limit)
            _ = thread.Machine.OutOfMemory.MakeRoom(thread, Memory.Arena.PageSize);
        return true;
    }

    private static MapProtection HowOf(ulong errorCode) =>
        (errorCode & OfFetch) != 0 ? MapProtection.PROT_EXEC : (errorCode & OfWrite) != 0 ? MapProtection.PROT_WRITE : MapProtection.PROT_READ;

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
