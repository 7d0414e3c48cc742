using Nommu.Core.Abi;
using Nommu.Core.Execution;
using Nommu.Core.Processes;
using Nommu.Core.Signals;

namespace Nommu.Core.Debugging;

/// <summary>Linux: a tracer by ptrace(2) of one process, all of whose threads stop when one does.</summary>
/// <remarks>
/// A thread stops where it looks at signals, out of the guest: a call in which it sleeps ends as for a signal and is made again afterwards. A thread that waits for a vfork child, or is stopped by job control, counts as stopped where it is.
/// All state is guarded by the task table's lock; <see cref="Changed"/> is completed under it and its continuations run elsewhere.
/// </remarks>
internal sealed class ProcessDebugger(GuestProcess process)
{
    private TaskCompletionSource<StopEvent> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private StopEvent? _event;
    private bool _isStopping;

    internal GuestProcess Process => process;

    /// <summary>Signals that pass without a stop.</summary>
    internal SigSet Passed { get; set; }

    /// <summary>Ends when all threads have stopped, with what the first one said.</summary>
    internal Task<StopEvent> Changed
    {
        get
        {
            lock (Lock)
                return _stopped.Task;
        }
    }

    private Lock Lock => process.Tasks.Lock;

    /// <summary>Becomes the process's debugger, which stops.</summary>
    /// <returns>False where it has one already or has ended.</returns>
    internal bool Attach()
    {
        lock (Lock)
        {
            if (process.Debugger is not null || process.State == ProcessState.Zombie)
                return false;
            process.Debugger = this;
            Interrupt();
            return true;
        }
    }

    /// <summary>Makes all threads stop; the first one says that it was asked to.</summary>
    internal void Interrupt()
    {
        lock (Lock)
        {
            if (_isStopping || process.Threads.Count == 0)
                return;
            var first = process.Threads.Find(thread => thread.VforkChild is null && !thread.Signals.IsExiting) ?? process.Threads[0];
            Begin(new StopEvent(first.Id, StopReason.Interrupt, Signal.SIGINT));
        }
    }

    /// <summary>Lets threads go on.</summary>
    /// <param name="choose">For each that is stopped: null to leave it, else whether to run one instruction only, and the signal to take.</param>
    internal void Resume(Func<GuestThread, ResumeAction?> choose)
    {
        lock (Lock)
        {
            var chosen = new List<(GuestThread Thread, ResumeAction Action)>();
            foreach (var thread in process.Threads)
            {
                if (choose(thread) is { } action)
                    chosen.Add((thread, action));
            }
            (_isStopping, _event) = (false, null);
            if (_stopped.Task.IsCompleted)
                _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
            foreach (var (thread, action) in chosen)
                Resume(thread, action);
        }
    }

    private static void Resume(GuestThread thread, ResumeAction action)
    {
        var state = thread.Debug;
        state.StopRequested = false;
        state.Reason = null;
        if (action.Steps)
            thread.SetWork(GuestThread.WorkStep);
        else
            thread.ClearWork(GuestThread.WorkStep);
        if (action.Signal != Signal.None)
            state.Injected = state.Taken is { } taken && taken.Signal == action.Signal ? taken : Siginfo.FromUser(action.Signal, SigCode.SI_USER, 0, 0);
        state.Taken = null;
        if (!state.IsParked)
            return;
        state.IsParked = false;
        thread.Interrupt();
    }

    /// <summary>Lets the process go for good.</summary>
    internal void Detach()
    {
        lock (Lock)
        {
            if (process.Debugger != this)
                return;
            process.Debugger = null;
        }
        foreach (var space in Spaces())
            space.ClearBreakpoints();
        Resume(thread => new ResumeAction(false, thread.Debug.Taken?.Signal ?? Signal.None));
    }

    private List<Memory.AddressSpace> Spaces()
    {
        lock (Lock)
            return [.. process.Threads.Select(thread => thread.Space).Distinct()];
    }

    /// <summary>The thread is to stop before it goes on. Under the lock, by the thread itself.</summary>
    internal static bool HasToStop(GuestThread thread) => thread.Debug is { StopRequested: true } or { Reason: not null };

    /// <summary>The thread is to stop before it takes a signal. Under the lock, by the thread itself.</summary>
    internal bool Intercepts(GuestThread thread, in Siginfo info)
    {
        if (Passed.Contains(info.Signal) || info.Signal == Signal.SIGKILL)
            return false;
        thread.Debug.Taken = info;
        thread.Debug.Reason = StopReason.Signal;
        return true;
    }

    /// <summary>The thread stops here until it is let go on, or has to end.</summary>
    /// <param name="thread">The calling thread.</param>
    /// <param name="call">The system call that led here.</param>
    /// <returns>The call that may have to be made again; the debugger may have changed it.</returns>
    internal long Park(GuestThread thread, long call)
    {
        thread.Cpu.CompleteXState();
        var state = thread.Debug;
        lock (Lock)
        {
            if (process.Debugger != this)
                return call;
            state.Call = call;
            state.IsParked = true;
            thread.ClearWork(GuestThread.WorkStep);
            if (!_isStopping && state.Reason is { } reason)
                Begin(new StopEvent(thread.Id, reason, reason == StopReason.Signal ? state.Taken!.Value.Signal : Signal.SIGTRAP));
            else if (_event is { } told && told.ThreadId != thread.Id)
                PutBack(thread);
            Look();
        }
        while (true)
        {
            lock (Lock)
            {
                if (!state.IsParked || process.Signals.GroupExit is not null || thread.Signals.MustExit)
                {
                    state.IsParked = false;
                    return state.Call;
                }
                thread.ClearWork(GuestThread.WorkSignal);
            }
            _ = thread.Sleep(-1);
        }
    }

    /// <summary>Another thread has something to tell first: a breakpoint will be run into again, a signal is pending again.</summary>
    private static void PutBack(GuestThread thread)
    {
        if (thread.Debug.Taken is { } info)
            _ = thread.Signals.Pending.Add(info, SigqueuePayer.Of(thread.Process, thread));
        (thread.Debug.Taken, thread.Debug.Reason) = (null, null);
    }

    /// <summary>A thread has been made. Under the lock.</summary>
    internal void Added(GuestThread thread)
    {
        if (!_isStopping)
            return;
        thread.Debug.StopRequested = true;
        thread.SetWork(GuestThread.WorkSignal);
    }

    /// <summary>A thread has gone, or waits for a child. Under the lock.</summary>
    internal void Look()
    {
        if (_event is { } told && process.Threads.TrueForAll(IsStill))
            _stopped.TrySetResult(told);
    }

    private static bool IsStill(GuestThread thread) => thread.Debug.IsParked || thread.VforkChild is not null || thread.Signals.IsExiting || thread.Signals.IsStopped;

    private void Begin(StopEvent told)
    {
        (_isStopping, _event) = (true, told);
        foreach (var thread in process.Threads)
        {
            if (IsStill(thread) && thread.VforkChild is null)
                continue;
            thread.Debug.StopRequested = true;
            thread.Interrupt();
        }
        Look();
    }

    /// <summary>execve(2) has succeeded. On the thread itself.</summary>
    internal void Executed(GuestThread thread)
    {
        lock (Lock)
        {
            thread.Debug.Reason = StopReason.Exec;
            thread.SetWork(GuestThread.WorkSignal);
        }
    }

    /// <summary>A thread has left the guest with SIGTRAP: at a breakpoint, or since it was to run one instruction.</summary>
    /// <returns>False where that is the guest's own affair.</returns>
    internal bool Took(GuestThread thread, in GuestExit exit)
    {
        const ulong TrapFlag = 1 << 8;
        ref var registers = ref thread.Cpu.Registers;
        if (thread.Space.IsBreakpoint(registers.Rip - 1))
        {
            registers.Rip--;
            return Stop(thread, StopReason.Breakpoint);
        }
        if (exit.TrapNumber != RunLoop.DebugException || (thread.Work & GuestThread.WorkStep) == 0)
            return false;
        registers.Rflags &= ~TrapFlag;
        return thread.IsWithinInstruction(registers.Rip) || Stop(thread, StopReason.Step);
    }

    /// <summary>A thread that was to run one instruction has made a system call.</summary>
    internal static bool Stop(GuestThread thread, StopReason reason)
    {
        lock (thread.Process.Tasks.Lock)
        {
            thread.Debug.Reason ??= reason;
            thread.SetWork(GuestThread.WorkSignal);
        }
        return true;
    }
}

/// <summary>How a thread goes on.</summary>
/// <param name="Steps">It runs one instruction.</param>
/// <param name="Signal">It takes this signal first; none for none.</param>
internal readonly record struct ResumeAction(bool Steps, Signal Signal);
