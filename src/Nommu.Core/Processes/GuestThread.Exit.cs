using Nommu.Core.Signals;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>do_exit</c>.</summary>
internal sealed partial class GuestThread
{
    /// <summary>exit(2): this thread ends when it next looks.</summary>
    internal void BeginExit(int code)
    {
        lock (Process.Tasks.Lock)
        {
            Process.LastStatus = WaitStatus.Exited(code);
            Signals.MustExit = true;
        }
        SetWork(WorkSignal);
    }

    /// <summary>The thread is out of the guest for good: gives back what it holds, and with the last thread ends the process. On the host thread it ran on, which then goes on with somebody else.</summary>
    internal void Exit()
    {
        var process = Process;
        Machine.Observer?.Exits(this, process.Signals.GroupExit ?? process.LastStatus);
        lock (process.Tasks.Lock)
            SignalDelivery.ThreadExits(this);
        ReleaseMemory();
        ReleaseSemaphores();
        ReleaseNamespaces();
        Files.Release();
        Fs.Release();
        lock (process.Tasks.Lock)
        {
            LearnSystemTime();
            process.AccountEndedThread(this);
            if (process.Threads.Count == 1)
                process.Leave(this, process.Signals.GroupExit ?? process.LastStatus);
            else
                LeaveOthers();
            if (Id != process.Id)
                process.Tasks.Pids.Release(Id);
            process.Debugger?.Look();
        }
        process.ThreadGone.Wake();
        process.Machine.OutOfMemory.Freed.Wake();
    }

    private void LeaveOthers()
    {
        Process.Threads.Remove(this);
        Process.ForgetMaker(this);
    }

    /// <summary>Linux: <c>mm_release</c> and <c>exit_mm</c>: nobody waits for this thread to be done with its memory any more.</summary>
    private void ReleaseMemory()
    {
        ReleaseFutexes(FutexExitState.Dead);
        Space.Release();
    }
}
