using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: the signal members of <c>task_struct</c>. Guarded by the task table's lock; <see cref="Blocked"/> is written by its own thread alone, which may read it without.</summary>
internal sealed class SignalState
{
    /// <summary>Signals that wait.</summary>
    internal SigSet Blocked { get; set; }

    /// <summary>What rt_sigtimedwait(2) waits for while it sleeps: these wake it although they are blocked, and are not thrown away although ignored.</summary>
    internal SigSet Awaited { get; set; }

    /// <summary>Sent to this thread alone.</summary>
    internal PendingSignals Pending { get; } = new();

    /// <summary>The mask to go back to after sigsuspend, ppoll or pselect; null while none is to be restored. Linux: <c>saved_sigmask</c>.</summary>
    internal SigSet? SavedMask { get; set; }

    /// <summary>sigaltstack(2); size 0 for none.</summary>
    internal StackT AlternateStack { get; set; } = new() { Flags = StackT.SS_DISABLE };

    /// <summary>How restart_syscall(2) goes on with what was interrupted. Linux: <c>restart_block</c>.</summary>
    internal Func<GuestThread, Result<long>>? RestartBlock { get; set; }

    /// <summary>It is to take part in a group stop. Linux: JOBCTL_STOP_PENDING.</summary>
    internal bool StopPending { get; set; }

    /// <summary>It is stopped. Linux: TASK_STOPPED.</summary>
    internal bool IsStopped { get; set; }

    /// <summary>It ends as soon as it is about to return to the guest: another thread of its process calls execve(2).</summary>
    internal bool MustExit { get; set; }

    /// <summary>It is on its way out and takes no more signals. Linux: PF_EXITING.</summary>
    internal bool IsExiting { get; set; }

    /// <summary>What the processor said at the last fault; every later frame shows it, as Linux does.</summary>
    internal FaultRecord LastFault { get; set; }

    /// <summary>System calls that wait in frames to be made again.</summary>
    internal RestartSites RestartSites { get; } = new();

    /// <summary>The call that rt_sigreturn found to be made again; <see cref="SignalDelivery.NoCall"/> for none.</summary>
    internal long ResumedCall { get; set; } = SignalDelivery.NoCall;

    /// <summary>For execve(2): pending signals and mask stay, the rest is gone.</summary>
    internal void ResetForExec()
    {
        AlternateStack = new() { Flags = StackT.SS_DISABLE };
        RestartBlock = null;
        RestartSites.Clear();
        LastFault = default;
    }

    /// <summary>For clone(2): the child blocks what its maker blocks. It keeps the alternate stack unless it shares memory without being a vfork child (sigaltstack(2)).</summary>
    internal void InheritFrom(SignalState maker, bool keepAlternateStack)
    {
        Blocked = maker.SavedMask ?? maker.Blocked;
        if (keepAlternateStack)
            AlternateStack = maker.AlternateStack;
    }
}

/// <summary>Linux: <c>thread.trap_nr</c>, <c>error_code</c> and <c>cr2</c>.</summary>
internal readonly record struct FaultRecord(ulong TrapNumber, ulong ErrorCode, ulong Cr2);
