namespace Nommu.Core.Processes;

/// <summary>Where a process stands in its life, as seen from its parent.</summary>
internal enum ProcessState
{
    Running,
    Stopped,
    Zombie,
}

/// <summary>Linux: a thread group (<c>signal_struct</c> and its leader's place in the tree). Differs: group and session are objects, not numbers to look up. Guarded by <see cref="TaskTable.Lock"/>.</summary>
public sealed partial class GuestProcess
{
    private readonly TaskTable _tasks;
    private readonly List<GuestProcess> _children = [];

    internal GuestProcess(TaskTable tasks, int id, GuestProcess? parent, ProcessGroup group)
    {
        _tasks = tasks;
        Id = id;
        Parent = parent;
        Group = group;
    }

    /// <summary>Its number in the guest (getpid(2)).</summary>
    public int Id { get; }

    internal GuestProcess? Parent { get; private set; }

    /// <summary>Who stops it; null for nobody. Changes under the lock.</summary>
    internal Debugging.ProcessDebugger? Debugger { get; set; }

    internal ProcessGroup Group { get; set; }

    internal ProcessState State { get; private set; }

    /// <summary>Linux: <c>real_parent</c>: which of the parent's threads made it; null once that has ended, and for who was inherited.</summary>
    internal GuestThread? Maker { get; set; }

    /// <summary>Whose child it is among the parent's threads: its maker's, later the first's. Under the lock.</summary>
    internal GuestThread? ParentThread => Maker ?? (Parent?.Threads is [var first, ..] ? first : null);

    /// <summary>True once it has called execve; setpgid(2) leaves such a child alone.</summary>
    internal bool HasExecuted { get; set; }

    /// <summary>prctl(PR_SET_CHILD_SUBREAPER): orphans below it become its children.</summary>
    internal bool IsSubreaper { get; set; }

    /// <summary>Signal the parent gets at the end; 0 for none (clone(2)).</summary>
    internal int ExitSignal { get; set; } = 17;

    internal IReadOnlyList<GuestProcess> Children => _children;

    /// <summary>Woken when a child has something to wait for.</summary>
    internal WaitQueue ChildChange { get; } = new();

    internal void AddChild(GuestProcess child) => _children.Add(child);
}
