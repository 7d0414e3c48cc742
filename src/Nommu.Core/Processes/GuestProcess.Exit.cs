using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Stopping, going on and ending: what the parent is told, and who inherits the children.</summary>
public sealed partial class GuestProcess
{
    private WaitStatus? _unreported;

    /// <summary>What wait(2) will say of it once it is a zombie.</summary>
    internal WaitStatus ExitStatus { get; private set; }

    /// <summary>Linux: <c>do_notify_parent_cldstop</c>, stopping side.</summary>
    internal void Stop(int signal)
    {
        if (State != ProcessState.Running)
            return;
        State = ProcessState.Stopped;
        Report(WaitStatus.Stopped(signal));
    }

    /// <summary>SIGCONT has come.</summary>
    internal void Continue()
    {
        if (State != ProcessState.Stopped)
            return;
        State = ProcessState.Running;
        Report(WaitStatus.Continued);
    }

    /// <summary>Linux: <c>exit_notify</c>. The last thread is gone; what is left is the status.</summary>
    internal void Exit(WaitStatus status)
    {
        if (State == ProcessState.Zombie)
            return;
        LeaveSession();
        State = ProcessState.Zombie;
        ExitStatus = status;
        Timers.StopAll();
        TellHost(status);
        _unreported = null;
        foreach (var child in _children)
            child.ReparentTo(FindReaper());
        _children.Clear();
        _tasks.ForgetInit(this);
        if (Parent is not { } parent)
        {
            _tasks.Remove(this);
            return;
        }
        if (Group != parent.Group && Group.Session == parent.Group.Session)
            TellIfOrphaned(Group, leaving: this);
        NotifyOfDeath(parent);
    }

    /// <summary>The last thread goes.</summary>
    internal void Leave(GuestThread last, WaitStatus status)
    {
        _ = (MainCredentials, Name); // remembered while there is somebody to ask
        Threads.Remove(last);
        Exit(status);
    }

    /// <summary>Linux: <c>forget_original_parent</c> where others of the parent's threads run on.</summary>
    internal void ForgetMaker(GuestThread ended)
    {
        foreach (var child in _children)
        {
            if (child.Maker != ended)
                continue;
            child.Maker = null;
            child.TellOfParentsDeath();
        }
    }

    private void NotifyOfDeath(GuestProcess parent)
    {
        if (ExitSignal is > 0 and <= SigSet.Count) // clone(2) takes any number
            _tasks.Events.ChildChanged(parent, this, ExitStatus);
        if (ExitSignal == 17 && _tasks.Events.IgnoresChildren(parent))
            Reap();
        parent.ChildChange.Wake();
    }

    /// <summary>Forgets a zombie.</summary>
    internal void Reap()
    {
        Parent?._children.Remove(this);
        _tasks.Remove(this);
        ThreadGone.Wake();
    }

    private void Report(WaitStatus status)
    {
        _unreported = status;
        if (Parent is not { } parent)
            return;
        _tasks.Events.ChildChanged(parent, this, status);
        parent.ChildChange.Wake();
    }

    /// <summary>The nearest living subreaper above, else init.</summary>
    private GuestProcess? FindReaper()
    {
        for (var ancestor = Parent; ancestor is not null; ancestor = ancestor.Parent)
        {
            if (ancestor.IsSubreaper && ancestor.State != ProcessState.Zombie)
                return ancestor;
        }
        return _tasks.Init == this ? null : _tasks.Init;
    }

    private void ReparentTo(GuestProcess? reaper)
    {
        var heldByParent = Parent!.Group != Group && Parent.Group.Session == Group.Session;
        (Parent, Maker) = (reaper, null);
        foreach (var thread in Threads)
            thread.LoadIdentity();
        TellOfParentsDeath();
        ExitSignal = 17; // whoever inherits expects SIGCHLD
        reaper?._children.Add(this);
        if (State == ProcessState.Zombie)
        {
            if (reaper is null)
                _tasks.Remove(this);
            else
                NotifyOfDeath(reaper);
        }
        else if (heldByParent)
        {
            TellIfOrphaned(Group, leaving: null);
        }
    }

    private void TellIfOrphaned(ProcessGroup group, GuestProcess? leaving)
    {
        if (group.IsOrphaned(leaving) && group.HasStopped())
            _tasks.Events.GroupOrphaned(group);
    }
}
