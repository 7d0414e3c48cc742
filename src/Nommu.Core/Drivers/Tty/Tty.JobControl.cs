using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Signals;

namespace Nommu.Core.Drivers.Tty;

/// <summary>Linux: drivers/tty/tty_jobctrl.c: sessions, foreground and background, and the end of a connection.</summary>
internal sealed partial class Tty
{
    private uint _raised;

    /// <summary>The session it controls.</summary>
    internal Session? Session { get; private set; }

    /// <inheritdoc/>
    public ProcessGroup? ForegroundGroup { get; private set; }

    /// <summary>A signal for the foreground group.</summary>
    internal void Send(Signal signal)
    {
        lock (_tasks.Lock)
            Tell(ForegroundGroup, signal);
    }

    /// <inheritdoc/>
    /// <remarks>Kept until the terminal's lock is free again: that lock is below the task table's, so that the kernel can print whatever it holds.</remarks>
    public void Raise(int signal) => _raised |= 1U << signal;

    /// <summary>Sends what the keyboard has raised. Without the lock.</summary>
    internal void SendRaised()
    {
        if (Volatile.Read(ref _raised) == 0)
            return;
        for (var raised = Interlocked.Exchange(ref _raised, 0); raised != 0; raised &= raised - 1)
            Send((Signal)System.Numerics.BitOperations.TrailingZeroCount(raised));
    }

    /// <summary>Linux: <c>tty_check_change</c>: what a group in the background wants stops it.</summary>
    /// <param name="thread">Who wants it.</param>
    /// <param name="signal">SIGTTIN for a read, SIGTTOU for everything else.</param>
    internal Errno CheckForeground(GuestThread? thread, Signal signal)
    {
        if (thread is null)
            return Errno.None;
        lock (_tasks.Lock)
        {
            var process = thread.Process;
            if (process.ControllingTerminal != this || ForegroundGroup is null || ForegroundGroup == process.Group)
                return Errno.None;
            if (thread.Signals.Blocked.Contains(signal) || process.Handlers[signal].Handler == Sigaction.SIG_IGN)
                return signal == Signal.SIGTTIN ? Errno.EIO : Errno.None;
            if (process.Group.IsOrphaned())
                return Errno.EIO;
            Tell(process.Group, signal);
            thread.SetWork(GuestThread.WorkSignal);
            return Errno.ERESTARTSYS;
        }
    }

    /// <summary>open(2) without O_NOCTTY: a leader without a terminal gets this one, if it is free.</summary>
    internal void ControlIfFree(GuestProcess process)
    {
        lock (_tasks.Lock)
        {
            if (process.IsSessionLeader && process.Group.Session.ControllingTerminal is null && Session is null)
                Control(process);
        }
    }

    /// <summary>TIOCSCTTY.</summary>
    /// <param name="process">A session's leader.</param>
    /// <param name="steal">From another session, which only root may.</param>
    internal Errno SetControlling(GuestProcess process, bool steal)
    {
        lock (_tasks.Lock)
        {
            if (process.IsSessionLeader && Session == process.Group.Session)
                return Errno.None;
            if (!process.IsSessionLeader || process.ControllingTerminal is not null || (Session is not null && !steal))
                return Errno.EPERM;
            Release();
            Control(process);
            return Errno.None;
        }
    }

    /// <summary>TIOCNOTTY.</summary>
    internal Errno Leave(GuestProcess process)
    {
        lock (_tasks.Lock)
        {
            if (process.ControllingTerminal != this)
                return Errno.ENOTTY;
            process.LeaveTerminal();
            return Errno.None;
        }
    }

    /// <summary>True where this terminal controls the process.</summary>
    internal bool Controls(GuestProcess process)
    {
        lock (_tasks.Lock)
            return process.ControllingTerminal == this;
    }

    /// <summary>TIOCSPGRP, once the caller has been found to be in the foreground.</summary>
    internal Errno SetForegroundGroup(GuestProcess process, int id)
    {
        lock (_tasks.Lock)
        {
            if (process.ControllingTerminal != this || Session != process.Group.Session)
                return Errno.ENOTTY;
            if (id < 0)
                return Errno.EINVAL;
            if (_tasks.FindGroup(id) is not { } group)
                return Errno.ESRCH;
            if (group.Session != Session)
                return Errno.EPERM;
            ForegroundGroup = group;
            return Errno.None;
        }
    }

    /// <summary>TIOCGPGRP and TIOCGSID; 0 for none.</summary>
    internal (int Group, int Session) Owners
    {
        get
        {
            lock (_tasks.Lock)
                return (ForegroundGroup?.Id ?? 0, Session?.Id ?? 0);
        }
    }

    /// <summary>The connection is gone, as when a modem hangs up: the session is told and loses its terminal, and what is open now is dead.</summary>
    internal void HangUp()
    {
        lock (_tasks.Lock)
            EndConnection();
    }

    /// <inheritdoc/>
    public void Disassociate(Session session, bool atExit)
    {
        if (Session != session)
            return;
        if (atExit && !IsPseudo)
        {
            EndConnection();
            return;
        }
        Tell(ForegroundGroup, Signal.SIGHUP);
        if (!atExit)
            Tell(ForegroundGroup, Signal.SIGCONT);
        Release();
    }

    /// <summary>Linux: <c>__tty_hangup</c> with <c>tty_signal_session_leader</c>.</summary>
    private void EndConnection()
    {
        if (Session is { } session && _tasks.Find(session.Id) is { } leader)
        {
            _ = SignalGeneration.Send(leader, Siginfo.FromKernel(Signal.SIGHUP));
            _ = SignalGeneration.Send(leader, Siginfo.FromKernel(Signal.SIGCONT));
        }
        Tell(ForegroundGroup, Signal.SIGHUP);
        Release();
        _hangUps++;
        WakeAll();
    }

    private void Control(GuestProcess process)
    {
        Session = process.Group.Session;
        Session.ControllingTerminal = this;
        ForegroundGroup = process.Group;
    }

    private void Release()
    {
        if (Session is { } session)
            session.ControllingTerminal = null;
        Session = null;
        ForegroundGroup = null;
    }

    private static void Tell(ProcessGroup? group, Signal signal)
    {
        if (group is not null)
            SignalSender.SendToGroup(group, signal);
    }
}
