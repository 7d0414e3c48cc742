namespace Nommu.Core.Processes;

/// <summary>Linux: a session, which there is a pid used as PIDTYPE_SID (setsid(2)). Guarded by <see cref="TaskTable.Lock"/>.</summary>
internal sealed class Session(int id)
{
    internal int Id { get; } = id;

    /// <summary>How many groups it has; the last to go gives the number back.</summary>
    internal int Groups { get; set; }

    /// <summary>The terminal whose keyboard sends the session signals; null for none.</summary>
    internal IControllingTerminal? ControllingTerminal { get; set; }
}

/// <summary>Linux: a process group, which there is a pid used as PIDTYPE_PGID (setpgid(2)). Guarded by <see cref="TaskTable.Lock"/>.</summary>
internal sealed class ProcessGroup(int id, Session session)
{
    private readonly List<GuestProcess> _members = [];

    internal int Id { get; } = id;

    internal Session Session { get; } = session;

    internal IReadOnlyList<GuestProcess> Members => _members;

    /// <summary>POSIX: no member has a parent in another group of the same session. Such a group has nobody who could continue it.</summary>
    /// <param name="leaving">A member to leave out, since it is on its way out.</param>
    internal bool IsOrphaned(GuestProcess? leaving = null)
    {
        foreach (var member in _members)
        {
            if (member == leaving || member.State == ProcessState.Zombie || member.Parent is not { } parent)
                continue;
            if (parent.Group != this && parent.Group.Session == Session)
                return false;
        }
        return true;
    }

    internal bool HasStopped()
    {
        foreach (var member in _members)
        {
            if (member.State == ProcessState.Stopped)
                return true;
        }
        return false;
    }

    internal void Add(GuestProcess process) => _members.Add(process);

    internal void Remove(GuestProcess process) => _members.Remove(process);
}
