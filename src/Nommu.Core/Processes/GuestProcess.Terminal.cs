namespace Nommu.Core.Processes;

/// <summary>The controlling terminal. Under <see cref="TaskTable.Lock"/>.</summary>
public sealed partial class GuestProcess
{
    private Session? _sessionLeft;

    /// <summary>Linux: <c>signal->leader</c>.</summary>
    internal bool IsSessionLeader => Group.Session.Id == Id;

    /// <summary>Linux: <c>signal->tty</c>. Differs: belongs to the session, and a member may only leave it (TIOCNOTTY).</summary>
    internal IControllingTerminal? ControllingTerminal => _sessionLeft == Group.Session ? null : Group.Session.ControllingTerminal;

    /// <summary>Linux: <c>no_tty</c>: the leader takes the terminal from all, another only from itself.</summary>
    internal void LeaveTerminal()
    {
        if (IsSessionLeader)
            Group.Session.ControllingTerminal?.Disassociate(Group.Session, atExit: false);
        else
            _sessionLeft = Group.Session;
    }

    /// <summary>The end of a leader, as its terminal sees it.</summary>
    private void LeaveSession()
    {
        if (IsSessionLeader)
            Group.Session.ControllingTerminal?.Disassociate(Group.Session, atExit: true);
    }
}
