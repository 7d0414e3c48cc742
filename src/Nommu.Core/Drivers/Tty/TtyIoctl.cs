using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Drivers.Tty;

/// <summary>Linux: <c>tty_ioctl</c> of a terminal that a program has open (ioctl_tty(2)). What it doesn't know is ENOTTY, the requests of virtual consoles and of serial chips among it.</summary>
internal static class TtyIoctl
{
    internal static Result<long> Perform(Tty tty, FileDescription file, in IoctlRequest request)
    {
        var (memory, argument) = (request.Memory, request.Argument);
        switch ((IoctlNumber)request.Request)
        {
            case IoctlNumber.FIONREAD:
                return Give(memory, argument, tty.Available);
            case IoctlNumber.TIOCOUTQ:
                return Give(memory, argument, tty.Unsent);
            case IoctlNumber.TIOCGPGRP:
                return tty.Controls(request.Thread.Process) ? Give(memory, argument, tty.Owners.Group) : Errno.ENOTTY;
            case IoctlNumber.TIOCGSID:
                return tty.Controls(request.Thread.Process) && tty.Owners.Session is not 0 and var session ? Give(memory, argument, session) : Errno.ENOTTY;
            case IoctlNumber.TIOCSPGRP:
                return SetForegroundGroup(tty, request);
            case IoctlNumber.TIOCSCTTY:
                return SetControlling(tty, file, request.Thread, argument);
            case IoctlNumber.TIOCNOTTY:
                return Answer(tty.Leave(request.Thread.Process));
            case IoctlNumber.TIOCSTI:
                return Insert(tty, request);
            case IoctlNumber.TIOCGDEV:
                return Give(memory, argument, (uint)tty.Number.Encoded);
            case IoctlNumber.TIOCVHANGUP:
                if (!request.Thread.Credentials.Has(Capability.CAP_SYS_ADMIN))
                    return Errno.EPERM;
                tty.HangUp();
                return 0;
            case IoctlNumber.TIOCCONS when file is TtyFile own:
                return Answer(tty.Redirection.Set(request.Thread, own));
            default:
                return PerformShared(tty, request, Waits(tty, request));
        }
    }

    /// <summary>What means the same at both ends of a pair.</summary>
    /// <param name="tty">The terminal.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="refused">Why a change is not for this caller; None where it is.</param>
    internal static Result<long> PerformShared(Tty tty, in IoctlRequest request, Errno refused)
    {
        var (memory, argument) = (request.Memory, request.Argument);
        switch ((IoctlNumber)request.Request)
        {
            case IoctlNumber.TIOCGWINSZ:
                return Give(memory, argument, tty.Size);
            case IoctlNumber.TIOCSWINSZ:
                if (memory.Read(new UserPtr<Winsize>(argument), out var size) != Errno.None)
                    return Errno.EFAULT;
                tty.Resize(size);
                return 0;
            case IoctlNumber.TIOCEXCL:
                tty.IsExclusive = true;
                return 0;
            case IoctlNumber.TIOCNXCL:
                tty.IsExclusive = false;
                return 0;
            case IoctlNumber.TIOCGEXCL:
                return Give(memory, argument, tty.IsExclusive ? 1 : 0);
            case IoctlNumber.TIOCGETD:
                return Give(memory, argument, 0);
            case IoctlNumber.TIOCSETD:
                if (memory.Read(new UserPtr<int>(argument), out var discipline) != Errno.None)
                    return Errno.EFAULT;
                return discipline == 0 ? Answer(refused) : Errno.EINVAL;
            case IoctlNumber.TIOCCONS:
                return request.Thread.Credentials.Has(Capability.CAP_SYS_ADMIN) ? Errno.EINVAL : Errno.EPERM;
            case IoctlNumber.TCSBRK or IoctlNumber.TCSBRKP or IoctlNumber.TIOCSBRK or IoctlNumber.TIOCCBRK:
                return Answer(refused); // there is no line to break, and nothing that is not sent yet
            case IoctlNumber.TCXONC:
                return refused != Errno.None ? refused : Flow(tty, (TerminalFlow)argument);
            default:
                return TermiosIoctl.Perform(tty, request, refused);
        }
    }

    internal static Result<long> Give<T>(UserMemory memory, ulong address, in T value) where T : unmanaged => Answer(memory.Write(new UserPtr<T>(address), value));

    internal static Result<long> Answer(Errno error) => error == Errno.None ? 0 : error;

    /// <summary>Linux: where <c>tty_check_change</c> is asked first.</summary>
    private static Errno Waits(Tty tty, in IoctlRequest request) => (IoctlNumber)request.Request is IoctlNumber.TIOCSETD or IoctlNumber.TCSBRK or IoctlNumber.TCSBRKP
        or IoctlNumber.TIOCSBRK or IoctlNumber.TIOCCBRK or IoctlNumber.TCXONC or IoctlNumber.TCFLSH or IoctlNumber.TCSETS or IoctlNumber.TCSETSW or IoctlNumber.TCSETSF
        or IoctlNumber.TCSETS2 or IoctlNumber.TCSETSW2 or IoctlNumber.TCSETSF2 or IoctlNumber.TCSETA or IoctlNumber.TCSETAW or IoctlNumber.TCSETAF
        ? tty.CheckForeground(request.Thread, Signal.SIGTTOU)
        : Errno.None;

    private static Result<long> SetForegroundGroup(Tty tty, in IoctlRequest request)
    {
        var refused = tty.CheckForeground(request.Thread, Signal.SIGTTOU);
        if (refused != Errno.None)
            return refused == Errno.EIO ? Errno.ENOTTY : refused;
        return request.Memory.Read(new UserPtr<int>(request.Argument), out var group) != Errno.None ? Errno.EFAULT : Answer(tty.SetForegroundGroup(request.Thread.Process, group));
    }

    private static Result<long> SetControlling(Tty tty, FileDescription file, GuestThread thread, ulong argument)
    {
        var isPrivileged = thread.Credentials.Has(Capability.CAP_SYS_ADMIN);
        return file.CanRead || isPrivileged ? Answer(tty.SetControlling(thread.Process, steal: argument == 1 && isPrivileged)) : Errno.EPERM;
    }

    private static Result<long> Insert(Tty tty, in IoctlRequest request)
    {
        if (!request.Thread.Credentials.Has(Capability.CAP_SYS_ADMIN))
            return Errno.EPERM;
        if (request.Memory.Read(new UserPtr<byte>(request.Argument), out var value) != Errno.None)
            return Errno.EFAULT;
        tty.Insert(value);
        return 0;
    }

    private static Result<long> Flow(Tty tty, TerminalFlow what)
    {
        switch (what)
        {
            case TerminalFlow.TCOOFF or TerminalFlow.TCOON:
                tty.Hold(what == TerminalFlow.TCOOFF);
                return 0;
            case TerminalFlow.TCIOFF or TerminalFlow.TCION:
                tty.Send(what == TerminalFlow.TCIOFF ? TermiosCharacter.VSTOP : TermiosCharacter.VSTART);
                return 0;
            default:
                return Errno.EINVAL;
        }
    }
}
