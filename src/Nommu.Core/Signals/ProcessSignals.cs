using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>do_notify_parent</c> and <c>do_notify_parent_cldstop</c>: what signals come of changes in the process tree. Under the task table's lock.</summary>
internal sealed class ProcessSignals : IProcessEvents
{
    /// <inheritdoc/>
    public void ChildChanged(GuestProcess parent, GuestProcess child, WaitStatus status)
    {
        var ended = status.IsExited || status.IsSignaled;
        ref var action = ref parent.Handlers[Signal.SIGCHLD];
        if (!ended && (action.Flags & SigactionFlags.SA_NOCLDSTOP) != 0)
            return;
        var signal = ended ? (Signal)child.ExitSignal : Signal.SIGCHLD;
        if (signal == Signal.None || (signal == Signal.SIGCHLD && action.Handler == Sigaction.SIG_IGN))
            return;
        // Of one that goes on to live Linux tells the first thread's alone.
        var time = ended || child.Threads is not [var first, ..] ? child.CpuTime : first.CpuTime;
        _ = SignalGeneration.Send(parent, new Siginfo
        {
            Signo = (int)signal,
            Code = status.ChildCode,
            Pid = child.Id,
            Uid = child.MainCredentials?.Uid ?? 0,
            Status = status.ChildStatus,
            UserTime = time.UserTicks,
            SystemTime = time.SystemTicks,
        });
    }

    /// <inheritdoc/>
    public void GroupOrphaned(ProcessGroup group)
    {
        SignalSender.SendToGroup(group, Signal.SIGHUP);
        SignalSender.SendToGroup(group, Signal.SIGCONT);
    }

    /// <inheritdoc/>
    public bool IgnoresChildren(GuestProcess parent)
    {
        ref var action = ref parent.Handlers[Signal.SIGCHLD];
        return action.Handler == Sigaction.SIG_IGN || (action.Flags & SigactionFlags.SA_NOCLDWAIT) != 0;
    }
}
