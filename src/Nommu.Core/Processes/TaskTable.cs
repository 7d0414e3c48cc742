using Nommu.Core.Abi;
using Nommu.Core.Signals;

namespace Nommu.Core.Processes;

/// <summary>Linux: the task list with <c>tasklist_lock</c>. All processes of a kernel, their groups and sessions.</summary>
/// <remarks>Lock order: <see cref="Lock"/> guards the process tree and all signal state; under it only wait queues' locks are taken. It is never held while a thread sleeps or touches guest memory.</remarks>
internal sealed partial class TaskTable(IProcessEvents events)
{
    private readonly SortedDictionary<int, GuestProcess> _processes = [];
    private readonly Dictionary<int, ProcessGroup> _groups = [];

    internal Lock Lock { get; } = new();

    /// <summary>The kernel whose processes these are; set once, when the kernel is put together.</summary>
    internal Machine Machine { get; set; } = null!;

    internal PidTable Pids { get; } = new();

    internal IProcessEvents Events { get; } = events;

    /// <summary>Process 1, which inherits orphans; null before it starts.</summary>
    internal GuestProcess? Init { get; private set; }

    internal int Count => _processes.Count;

    /// <summary>How many signals are queued, by user.</summary>
    internal SigqueueAccounts QueuedSignals { get; } = new();

    /// <summary>How many there have been: "processes" in /proc/stat.</summary>
    internal long Created { get; private set; }

    /// <summary>The processor time of all threads that have ended.</summary>
    internal CpuTime EndedTime { get; set; }

    /// <summary>By rising pid. Under the lock.</summary>
    internal IEnumerable<GuestProcess> Processes => _processes.Values;

    internal GuestProcess? Find(int pid) => _processes.GetValueOrDefault(pid);

    internal ProcessGroup? FindGroup(int id) => _groups.GetValueOrDefault(id);

    /// <summary>A new process: the child of <paramref name="parent"/>, in its group, or without parent one with a session of its own.</summary>
    /// <param name="parent">Null for none.</param>
    /// <param name="wantedId">The number it is to have; 0 for the next free one.</param>
    /// <returns>EAGAIN where no pid is free, EEXIST where that one is not.</returns>
    internal Result<GuestProcess> Add(GuestProcess? parent, int wantedId = 0)
    {
        var allocated = Pids.Allocate(wantedId);
        if (!allocated.TryGet(out var pid))
            return allocated.Error;
        GuestProcess process;
        if (parent is null)
        {
            var session = new Session(pid);
            Pids.Hold(pid);
            process = new GuestProcess(this, pid, null, NewGroup(pid, session));
            process.Limits.LimitProcesses(MaximumThreads);
        }
        else
        {
            process = new GuestProcess(this, pid, parent, parent.Group);
            parent.AddChild(process);
        }
        process.Group.Add(process);
        process.Started(parent);
        Created++;
        _processes.Add(pid, process);
        if (pid == 1)
            Init = process;
        return process;
    }

    /// <summary>Init has ended: orphans have nobody from now on and leave no zombies.</summary>
    internal void ForgetInit(GuestProcess process)
    {
        if (Init == process)
            Init = null;
    }

    /// <summary>Forgets a process that has been waited for.</summary>
    internal void Remove(GuestProcess process)
    {
        _processes.Remove(process.Id);
        LeaveGroup(process);
        Pids.Release(process.Id);
    }

    /// <summary>Linux: <c>setpgid</c>(2), after its arguments have been defaulted.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="pid">The caller or a child of it.</param>
    /// <param name="groupId">An existing group of the same session, or <paramref name="pid"/> for a new one.</param>
    internal Errno SetProcessGroup(GuestProcess caller, int pid, int groupId)
    {
        if (groupId < 0)
            return Errno.EINVAL;
        if (Find(pid) is not { } process || (process != caller && process.Parent != caller))
            return Errno.ESRCH;
        if (process != caller)
        {
            if (process.Group.Session != caller.Group.Session)
                return Errno.EPERM;
            if (process.HasExecuted)
                return Errno.EACCES;
        }
        if (process.Group.Session.Id == process.Id)
            return Errno.EPERM; // a session leader stays where it is
        if (process.Group.Id == groupId)
            return Errno.None;
        var group = FindGroup(groupId);
        if (group is null && groupId != pid)
            return Errno.EPERM;
        if (group is not null && group.Session != caller.Group.Session)
            return Errno.EPERM;
        MoveToGroup(process, group ?? NewGroup(pid, process.Group.Session));
        return Errno.None;
    }

    /// <summary>Linux: <c>setsid</c>(2).</summary>
    /// <returns>The session's number; EPERM for the leader of a group.</returns>
    internal Result<int> CreateSession(GuestProcess caller)
    {
        if (FindGroup(caller.Id) is not null)
            return Errno.EPERM;
        var session = new Session(caller.Id);
        Pids.Hold(caller.Id);
        MoveToGroup(caller, NewGroup(caller.Id, session));
        return caller.Id;
    }

    private ProcessGroup NewGroup(int id, Session session)
    {
        var group = new ProcessGroup(id, session);
        Pids.Hold(id);
        session.Groups++;
        _groups.Add(id, group);
        return group;
    }

    private void MoveToGroup(GuestProcess process, ProcessGroup group)
    {
        LeaveGroup(process);
        process.Group = group;
        group.Add(process);
    }

    private void LeaveGroup(GuestProcess process)
    {
        var group = process.Group;
        group.Remove(process);
        if (group.Members.Count > 0)
            return;
        _groups.Remove(group.Id);
        Pids.Release(group.Id);
        if (--group.Session.Groups == 0)
            Pids.Release(group.Session.Id);
    }
}

/// <summary>What the signal side is told of the process tree's changes. Called with <see cref="TaskTable.Lock"/> held.</summary>
internal interface IProcessEvents
{
    /// <summary>A child has ended, stopped or gone on: SIGCHLD for its parent, which is woken by the caller.</summary>
    void ChildChanged(GuestProcess parent, GuestProcess child, WaitStatus status);

    /// <summary>A group with stopped members has lost the last who could continue it: SIGHUP and SIGCONT for all of them (POSIX, exit).</summary>
    void GroupOrphaned(ProcessGroup group);

    /// <summary>True where the parent ignores SIGCHLD or has SA_NOCLDWAIT: its children leave no zombies (sigaction(2)).</summary>
    bool IgnoresChildren(GuestProcess parent);
}
