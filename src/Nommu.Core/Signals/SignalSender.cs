using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>kill_something_info</c> and <c>do_send_specific</c>, and what the kernel's other parts call to send signals. Takes the task table's lock.</summary>
internal readonly struct SignalSender(TaskTable tasks)
{
    /// <summary>Linux: kill(2).</summary>
    /// <param name="sender">Who asks.</param>
    /// <param name="pid">A process; 0 for the own group, -1 for all, less for a group.</param>
    /// <param name="info">The signal; number 0 only checks.</param>
    internal Errno Kill(GuestThread sender, int pid, in Siginfo info)
    {
        lock (tasks.Lock)
        {
            if (pid > 0)
                return FindOwner(sender, pid) is { } process ? CheckAndSend(sender, process, info) : Errno.ESRCH;
            if (pid == -1)
                return KillAll(sender, info);
            if (pid == int.MinValue)
                return Errno.ESRCH;
            return (pid == 0 ? sender.Process.Group : tasks.FindGroup(-pid)) is { } group ? KillGroup(sender, group, info) : Errno.ESRCH;
        }
    }

    /// <summary>Linux: tgkill(2) and tkill(2).</summary>
    /// <param name="sender">Who asks.</param>
    /// <param name="processId">The thread's process, or 0 for whichever (tkill).</param>
    /// <param name="threadId">A thread.</param>
    /// <param name="info">The signal; number 0 only checks.</param>
    internal Errno KillThread(GuestThread sender, int processId, int threadId, in Siginfo info)
    {
        lock (tasks.Lock)
        {
            var thread = tasks.FindThread(sender, threadId);
            // One that has ended and bears its process's number is there until that is waited for; nothing comes of a signal to it.
            if (thread is null && tasks.Find(threadId) is { } ended && (processId == 0 || processId == threadId))
                return SignalPermission.Check(sender, ended, info.Signal);
            if (thread is null || (processId != 0 && thread.Process.Id != processId))
                return Errno.ESRCH;
            var error = SignalPermission.Check(sender, thread.Process, info.Signal);
            return error != Errno.None || info.Signo == 0 ? error : SignalGeneration.Send(thread, info);
        }
    }

    /// <summary>From the kernel to every member of a group, as a terminal does.</summary>
    /// <returns>ESRCH where there is no such group.</returns>
    internal Errno SendToGroup(int processGroup, Signal signal)
    {
        lock (tasks.Lock)
        {
            if (tasks.FindGroup(processGroup) is not { } group)
                return Errno.ESRCH;
            SendToGroup(group, signal);
            return Errno.None;
        }
    }

    /// <summary>From the kernel to a process.</summary>
    /// <returns>ESRCH where there is no such process.</returns>
    internal Errno SendToProcess(int pid, Signal signal)
    {
        lock (tasks.Lock)
            return tasks.Find(pid) is { } process ? SignalGeneration.Send(process, Siginfo.FromKernel(signal)) : Errno.ESRCH;
    }

    /// <summary>From the kernel to one thread, as SIGPIPE and SIGXFSZ are sent.</summary>
    internal void SendToThread(GuestThread thread, Signal signal)
    {
        lock (tasks.Lock)
            _ = SignalGeneration.Send(thread, Siginfo.FromKernel(signal));
    }

    /// <summary>Linux: <c>do_group_exit</c>. All threads of the process end; the first status counts.</summary>
    internal void BeginGroupExit(GuestProcess process, WaitStatus status)
    {
        lock (tasks.Lock)
            SignalGeneration.BeginGroupExit(process, status);
    }

    /// <summary>For halting the machine: every process ends, init too.</summary>
    internal void EndAll()
    {
        lock (tasks.Lock)
        {
            foreach (var process in tasks.Processes)
                SignalGeneration.BeginGroupExit(process, WaitStatus.Signaled((int)Signal.SIGKILL, core: false));
        }
    }

    internal static void SendToGroup(ProcessGroup group, Signal signal)
    {
        foreach (var member in group.Members)
            _ = SignalGeneration.Send(member, Siginfo.FromKernel(signal));
    }

    private static Errno CheckAndSend(GuestThread sender, GuestProcess process, in Siginfo info)
    {
        var error = SignalPermission.Check(sender, process, info.Signal);
        return error != Errno.None || info.Signo == 0 ? error : SignalGeneration.Send(process, info);
    }

    private static Errno KillGroup(GuestThread sender, ProcessGroup group, in Siginfo info)
    {
        var error = Errno.ESRCH;
        var any = false;
        foreach (var member in group.Members)
        {
            error = CheckAndSend(sender, member, info);
            any |= error == Errno.None;
        }
        return any ? Errno.None : error;
    }

    /// <summary>All but init and the caller itself. EPERM only where none could be reached.</summary>
    private Errno KillAll(GuestThread sender, in Siginfo info)
    {
        var result = Errno.ESRCH;
        foreach (var process in tasks.Processes)
        {
            if (process.Id == 1 || process == sender.Process)
                continue;
            var error = CheckAndSend(sender, process, info);
            if (error != Errno.EPERM)
                result = error;
            else if (result == Errno.ESRCH)
                result = Errno.EPERM;
        }
        return result;
    }

    /// <summary>kill(2) takes any thread's number for its process.</summary>
    private GuestProcess? FindOwner(GuestThread sender, int id) => tasks.Find(id) ?? tasks.FindThread(sender, id)?.Process;
}
