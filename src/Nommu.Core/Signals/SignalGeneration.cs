using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>send_signal_locked</c> with <c>prepare_signal</c> and <c>complete_signal</c>: a signal becomes pending and the thread that will take it is woken. All of it under the task table's lock.</summary>
internal static class SignalGeneration
{
    private static readonly SigSet Continuing = SigSet.Of(Signal.SIGCONT);

    /// <summary>To a process: any of its threads may take it.</summary>
    internal static Errno Send(GuestProcess process, in Siginfo info) => Send(process, null, info);

    /// <summary>To one thread.</summary>
    internal static Errno Send(GuestThread thread, in Siginfo info) => Send(thread.Process, thread, info);

    /// <summary>Linux: <c>force_sig_info</c>: what the processor raised must be taken; blocked or ignored, it kills.</summary>
    internal static void Force(GuestThread thread, in Siginfo info)
    {
        var signal = info.Signal;
        ref var action = ref thread.Process.Handlers[signal];
        var blocked = thread.Signals.Blocked.Contains(signal);
        if (blocked || action.Handler == Sigaction.SIG_IGN)
        {
            action.Handler = Sigaction.SIG_DFL;
            thread.Signals.Blocked &= ~SigSet.Of(signal);
        }
        if (action.Handler == Sigaction.SIG_DFL)
            thread.Process.Signals.IsUnkillable = false;
        _ = thread.Signals.Pending.Add(info, SigqueuePayer.Of(thread.Process, thread));
        thread.Process.Signals.Arrived.Wake();
        thread.Interrupt();
    }

    /// <summary>The process is to end: every thread leaves when it next looks. The first status counts.</summary>
    internal static void BeginGroupExit(GuestProcess process, WaitStatus status)
    {
        process.Signals.GroupExit ??= status;
        process.Signals.StopCount = 0;
        process.Signals.StopSignal = 0;
        foreach (var thread in process.Threads)
            Wake(thread);
    }

    /// <summary>For execve(2): all threads but the caller end.</summary>
    internal static void EndOtherThreads(GuestThread caller)
    {
        foreach (var thread in caller.Process.Threads)
        {
            if (thread == caller)
                continue;
            thread.Signals.MustExit = true;
            Wake(thread);
        }
    }

    private static void Wake(GuestThread thread)
    {
        thread.Signals.StopPending = false;
        thread.Signals.IsStopped = false;
        thread.Interrupt();
    }

    /// <summary>Linux: <c>posixtimer_send_sigqueue</c>. Nothing where it is in a queue already.</summary>
    /// <returns>False where the signal is ignored.</returns>
    internal static bool Send(GuestProcess process, GuestThread? thread, Sigqueue owned)
    {
        if (owned.Queue is not null || thread is { Signals.IsExiting: true })
            return true;
        if (!Prepare(process, thread, owned.Info.Signal))
            return false;
        (thread is null ? process.Signals.Pending : thread.Signals.Pending).Add(owned);
        process.Signals.Arrived.Wake();
        Complete(process, thread, owned.Info.Signal);
        return true;
    }

    /// <summary>Linux: <c>prepare_signal</c>.</summary>
    /// <returns>False where the signal comes to nothing.</returns>
    private static bool Prepare(GuestProcess process, GuestThread? thread, Signal signal)
    {
        if (process.Signals.GroupExit is not null || process.State == ProcessState.Zombie)
            return false; // dying: the signal is lost
        if (SigSet.Stopping.Contains(signal))
            RemovePending(process, Continuing);
        else if (signal == Signal.SIGCONT)
            ContinueProcess(process);
        return !IsIgnored(process, thread, signal);
    }

    private static Errno Send(GuestProcess process, GuestThread? thread, in Siginfo info)
    {
        var signal = info.Signal;
        if (!Prepare(process, thread, signal))
            return Errno.None;
        var pending = thread is null ? process.Signals.Pending : thread.Signals.Pending;
        var error = pending.Add(info, SigqueuePayer.Of(process, thread));
        if (error != Errno.None)
            return error;
        process.Signals.Arrived.Wake();
        Complete(process, thread, signal);
        return Errno.None;
    }

    internal static void RemovePending(GuestProcess process, SigSet signals)
    {
        process.Signals.Pending.Remove(signals);
        foreach (var thread in process.Threads)
            thread.Signals.Pending.Remove(signals);
    }

    private static void ContinueProcess(GuestProcess process)
    {
        RemovePending(process, SigSet.Stopping);
        var stopUnderWay = process.Signals.StopCount > 0;
        var signal = process.Signals.StopSignal;
        process.Signals.StopCount = 0;
        process.Signals.StopSignal = 0;
        foreach (var thread in process.Threads)
        {
            if (thread.Signals.IsStopped || thread.Signals.StopPending)
                Wake(thread);
        }
        if (stopUnderWay)
            process.Stop(signal); // the parent hears of both, as from Linux
        process.Continue();
    }

    /// <summary>Linux: <c>sig_ignored</c>. What is blocked is kept, for its handler may change before it is unblocked.</summary>
    private static bool IsIgnored(GuestProcess process, GuestThread? thread, Signal signal)
    {
        var judged = thread ?? (process.Threads.Count > 0 ? process.Threads[0] : null);
        if (judged is not null && (judged.Signals.Blocked | judged.Signals.Awaited).Contains(signal))
            return false;
        return process.Handlers.Ignores(signal)
            || (process.Signals.IsUnkillable && process.Handlers[signal].Handler == Sigaction.SIG_DFL);
    }

    private static void Complete(GuestProcess process, GuestThread? thread, Signal signal)
    {
        var taker = thread is null ? FindTaker(process, signal) : Wants(thread, signal) ? thread : null;
        if (taker is null)
            return; // blocked everywhere: whoever unblocks it finds it
        if (process.Handlers.IsFatal(signal) && !taker.Signals.Awaited.Contains(signal) && !process.Signals.IsUnkillable && !CoreDump.IsDue(process, signal))
            BeginGroupExit(process, WaitStatus.Signaled((int)signal, core: false));
        else
            taker.Interrupt();
    }

    private static GuestThread? FindTaker(GuestProcess process, Signal signal)
    {
        GuestThread? busy = null;
        foreach (var thread in process.Threads)
        {
            if (!Wants(thread, signal))
                continue;
            if (!thread.IsSignalPending)
                return thread;
            busy ??= thread;
        }
        return busy;
    }

    private static bool Wants(GuestThread thread, Signal signal)
    {
        var state = thread.Signals;
        if (state.IsExiting || state.Blocked.Contains(signal) && !state.Awaited.Contains(signal))
            return false;
        return signal == Signal.SIGKILL || !state.IsStopped;
    }

    /// <summary>Linux: <c>retarget_shared_pending</c>: a thread that no longer takes some signals lets others look.</summary>
    internal static void Retarget(GuestThread thread, SigSet noLongerTaken)
    {
        var left = thread.Process.Signals.Pending.Set & noLongerTaken;
        if (left.IsEmpty)
            return;
        foreach (var other in thread.Process.Threads)
        {
            if (other == thread || other.Signals.IsExiting || (left & ~other.Signals.Blocked).IsEmpty)
                continue;
            left &= other.Signals.Blocked;
            other.Interrupt();
            if (left.IsEmpty)
                return;
        }
    }
}
