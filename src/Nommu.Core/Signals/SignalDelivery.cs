using Nommu.Core.Abi;
using Nommu.Core.Debugging;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>arch_do_signal_or_restart</c> with <c>get_signal</c>: what happens to a thread that is about to return to the guest and has a reason to look.</summary>
/// <remarks>Called by the run loop where <see cref="GuestThread.Work"/> is set or a call answered with one of the restart codes, on the thread itself.</remarks>
internal static class SignalDelivery
{
    /// <summary>No system call led here: a fault, a kick, or rt_sigreturn.</summary>
    internal const long NoCall = -1;

    /// <param name="thread">The calling thread, out of the guest.</param>
    /// <param name="call">The number of the system call just made, whose result is in rax already; or <see cref="NoCall"/>.</param>
    internal static SignalVerdict Deliver(GuestThread thread, long call)
    {
        if (thread.Signals.ResumedCall != NoCall)
        {
            call = thread.Signals.ResumedCall;
            thread.Signals.ResumedCall = NoCall;
            thread.ClearWork(GuestThread.WorkRestartCall);
        }
        while (true)
        {
            var step = TakeStep(thread, out var taken);
            if (thread.Machine.Observer is { } observer)
                Tell(observer, thread, step, taken);
            if (step is Step.Exit or Step.Dump && taken.Info.Signo != 0)
                thread.Machine.Dies?.Invoke(thread, taken.Info);
            switch (step)
            {
                case Step.Exit:
                    return SignalVerdict.Exit;
                case Step.Dump:
                    Dump(thread, taken.Info);
                    return SignalVerdict.Exit;
                case Step.Stopped:
                    SleepStopped(thread);
                    break;
                case Step.Debugger:
                    call = thread.Process.Debugger?.Park(thread, call) ?? call;
                    break;
                case Step.Handle:
                    ShowOriginalAddresses(thread);
                    var restarts = SystemCallRestart.BeforeHandler(ref thread.Cpu.Registers, call, taken.Action.Flags);
                    Enter(thread, taken, restarts);
                    call = NoCall;
                    break;
                default:
                    RestoreMask(thread);
                    return SystemCallRestart.WithoutHandler(ref thread.Cpu.Registers, call) ? SignalVerdict.RestartCall : SignalVerdict.Resume;
            }
        }
    }

    private static void Tell(ITaskObserver observer, GuestThread thread, Step step, in Taken taken)
    {
        if (step == Step.Stopped)
            observer.Stopped(thread, (Signal)thread.Process.Signals.StopSignal);
        else if (taken.Info.Signo != 0)
            observer.SignalTaken(thread, taken.Info);
    }

    /// <summary>A handler is to see the program as it was linked: where it stands in moved code, the frame says where the instruction came from. rt_sigreturn goes back to the moved one.</summary>
    private static void ShowOriginalAddresses(GuestThread thread)
    {
        ref var registers = ref thread.Cpu.Registers;
        registers.Rip = thread.Space.ToOriginal(registers.Rip);
        registers.Rcx = thread.Space.ToOriginal(registers.Rcx);
    }

    private enum Step
    {
        Nothing,
        Handle,
        Stopped,
        Exit,
        Dump,
        Debugger,
    }

    private readonly record struct Taken(Siginfo Info, Sigaction Action);

    private static Step TakeStep(GuestThread thread, out Taken taken)
    {
        var process = thread.Process;
        var state = thread.Signals;
        taken = default;
        lock (process.Tasks.Lock)
        {
            thread.ClearWork(GuestThread.WorkSignal);
            while (true)
            {
                if (process.Signals.GroupExit is not null || state.MustExit)
                {
                    taken = TakeFatal(thread);
                    return Step.Exit;
                }
                if (process.Debugger is not null && ProcessDebugger.HasToStop(thread))
                    return Step.Debugger;
                if (state.StopPending)
                    return Participate(thread);
                var unblocked = ~state.Blocked;
                if (!TryTakeInjected(thread, out var info))
                {
                    if (!state.Pending.TryTakeFault(unblocked, out info) && !state.Pending.TryTake(unblocked, out info) && !process.Signals.Pending.TryTake(unblocked, out info))
                        return Step.Nothing;
                    if (process.Debugger?.Intercepts(thread, info) == true)
                        return Step.Debugger;
                }
                var signal = info.Signal;
                ref var action = ref process.Handlers[signal];
                if (action.Handler == Sigaction.SIG_IGN)
                    continue;
                if (action.Handler != Sigaction.SIG_DFL)
                {
                    taken = new Taken(info, action);
                    if ((action.Flags & SigactionFlags.SA_RESETHAND) != 0)
                        action.Handler = Sigaction.SIG_DFL;
                    return Step.Handle;
                }
                if (!TakeDefaultAction(process, signal))
                    continue;
                taken = new Taken(info, default);
                return CoreDump.IsDue(process, signal) ? Step.Dump : Step.Exit;
            }
        }
    }

    /// <summary>What a debugger wants the thread to take.</summary>
    private static bool TryTakeInjected(GuestThread thread, out Siginfo info)
    {
        info = default;
        if (!thread.IsDebugged || thread.Debug.Injected is not { } injected)
            return false;
        info = injected;
        thread.Debug.Injected = null;
        return true;
    }

    /// <summary>The signal that the process ends of, for who has not been asked whether to take it: one thread finds it.</summary>
    private static Taken TakeFatal(GuestThread thread)
    {
        if (thread.Process.Signals.GroupExit is not { IsSignaled: true } status || status.TerminatingSignal == (int)Signal.SIGKILL)
            return default;
        var fatal = SigSet.Of((Signal)status.TerminatingSignal);
        return thread.Signals.Pending.TryTake(fatal, out var info) || thread.Process.Signals.Pending.TryTake(fatal, out info) ? new Taken(info, default) : default;
    }

    /// <returns>True where the process ends.</returns>
    private static bool TakeDefaultAction(GuestProcess process, Signal signal)
    {
        if (SigSet.IgnoredByDefault.Contains(signal) || process.Signals.IsUnkillable)
            return false;
        if (SigSet.Stopping.Contains(signal))
        {
            // A stop typed at a terminal means nothing to a group that nobody could continue (POSIX, signal actions).
            if (signal == Signal.SIGSTOP || !process.Group.IsOrphaned())
                BeginGroupStop(process, signal);
            return false;
        }
        SignalGeneration.BeginGroupExit(process, WaitStatus.Signaled((int)signal, core: false));
        return true;
    }

    /// <summary>The process ends already, but not before this thread does.</summary>
    private static void Dump(GuestThread thread, in Siginfo info)
    {
        if (!CoreDump.Write(thread, info))
            return;
        lock (thread.Process.Tasks.Lock)
            thread.Process.Signals.GroupExit = WaitStatus.Signaled(info.Signo, core: true);
    }

    /// <summary>Linux: <c>do_signal_stop</c>. The parent is told when the last thread has stopped.</summary>
    private static void BeginGroupStop(GuestProcess process, Signal signal)
    {
        if (process.State != ProcessState.Stopped)
            process.Signals.StopSignal = (int)signal;
        process.Signals.StopCount = 0;
        foreach (var thread in process.Threads)
        {
            var state = thread.Signals;
            if (state.IsExiting || state.IsStopped)
                continue;
            state.StopPending = true;
            process.Signals.StopCount++;
            thread.Interrupt();
        }
    }

    /// <summary>Linux: <c>task_participate_group_stop</c>.</summary>
    private static Step Participate(GuestThread thread)
    {
        thread.Signals.StopPending = false;
        thread.Signals.IsStopped = true;
        thread.ClearWork(GuestThread.WorkSignal); // a stopped thread sleeps through everything but SIGCONT and its end
        CountStopped(thread.Process);
        return Step.Stopped;
    }

    private static void CountStopped(GuestProcess process)
    {
        if (process.Signals.StopCount > 0 && --process.Signals.StopCount == 0)
            process.Stop(process.Signals.StopSignal);
    }

    private static void SleepStopped(GuestThread thread)
    {
        while (true)
        {
            lock (thread.Process.Tasks.Lock)
            {
                if (!thread.Signals.IsStopped)
                    return;
                thread.ClearWork(GuestThread.WorkSignal);
            }
            _ = thread.Sleep(-1);
        }
    }

    /// <summary>Linux: <c>exit_signals</c>. A thread on its way out takes no more signals and leaves what it would have taken to others. Under the lock, before it leaves its process.</summary>
    internal static void ThreadExits(GuestThread thread)
    {
        var state = thread.Signals;
        state.IsExiting = true;
        if (state.StopPending)
        {
            state.StopPending = false;
            CountStopped(thread.Process);
        }
        if (thread.Process.Signals.GroupExit is null)
            SignalGeneration.Retarget(thread, ~state.Blocked);
        state.Pending.Clear();
        if (thread.Process.Threads.Count == 1)
            thread.Process.Signals.Pending.Clear();
    }

    private static void Enter(GuestThread thread, in Taken taken, bool restarts)
    {
        var state = thread.Signals;
        var saved = state.SavedMask ?? state.Blocked;
        state.SavedMask = null;
        thread.ClearWork(GuestThread.WorkRestoreMask);
        if (!SignalFrame.Push(thread, taken.Action, taken.Info, saved, restarts))
        {
            SignalFault.ForceSegmentationFault(thread, taken.Info.Signal);
            return;
        }
        var blocked = state.Blocked | taken.Action.Mask;
        if ((taken.Action.Flags & SigactionFlags.SA_NODEFER) == 0)
            blocked |= SigSet.Of(taken.Info.Signal);
        SignalMask.Set(thread, blocked);
    }

    private static void RestoreMask(GuestThread thread)
    {
        if (thread.Signals.SavedMask is not { } saved)
            return;
        thread.Signals.SavedMask = null;
        thread.ClearWork(GuestThread.WorkRestoreMask);
        SignalMask.Set(thread, saved);
    }
}
