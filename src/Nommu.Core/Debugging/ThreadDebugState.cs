using Nommu.Core.Abi;
using Nommu.Core.Signals;

namespace Nommu.Core.Debugging;

/// <summary>Why a thread has stopped for its debugger.</summary>
internal enum StopReason
{
    /// <summary>At a breakpoint.</summary>
    Breakpoint,

    /// <summary>One instruction has been run.</summary>
    Step,

    /// <summary>A signal is about to be taken.</summary>
    Signal,

    /// <summary>It was asked to.</summary>
    Interrupt,

    /// <summary>It has begun another program.</summary>
    Exec,
}

/// <summary>What a debugger is told.</summary>
/// <param name="ThreadId">Who has stopped first.</param>
/// <param name="Reason">Why.</param>
/// <param name="Signal">The signal that stands for it.</param>
internal readonly record struct StopEvent(int ThreadId, StopReason Reason, Signal Signal);

/// <summary>A thread of a process that is debugged. Linux: <c>task_struct.ptrace</c> and what belongs to it. Guarded by the task table's lock.</summary>
internal sealed class ThreadDebugState
{
    /// <summary>It is to stop, with nothing to tell.</summary>
    internal bool StopRequested { get; set; }

    /// <summary>It is out of the guest and waits; its registers are for the debugger.</summary>
    internal bool IsParked { get; set; }

    /// <summary>What it will tell when it stops.</summary>
    internal StopReason? Reason { get; set; }

    /// <summary>The signal it was about to take when it stopped.</summary>
    internal Siginfo? Taken { get; set; }

    /// <summary>To be taken without stopping again.</summary>
    internal Siginfo? Injected { get; set; }

    /// <summary>The system call that led out of the guest, which may have to be made again; negative for none. Linux: <c>orig_rax</c>.</summary>
    internal long Call { get; set; } = SignalDelivery.NoCall;
}
