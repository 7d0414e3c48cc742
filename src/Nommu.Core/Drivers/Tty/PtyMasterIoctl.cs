using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Drivers.Tty;

/// <summary>Linux: <c>ptm_unix98_ops</c>' ioctl (ioctl_tty(2), "Pseudoterminal ioctls"), and what a master answers for its slave.</summary>
internal static class PtyMasterIoctl
{
    internal static Result<long> Perform(Tty tty, TtyMasterFile file, in IoctlRequest request)
    {
        var (memory, argument) = (request.Memory, request.Argument);
        switch ((IoctlNumber)request.Request)
        {
            case IoctlNumber.TIOCGPTN:
                return TtyIoctl.Give(memory, argument, tty.Number.Minor);
            case IoctlNumber.TIOCSPTLCK:
                if (memory.Read(new UserPtr<int>(argument), out var locked) != Errno.None)
                    return Errno.EFAULT;
                tty.IsLocked = locked != 0;
                return 0;
            case IoctlNumber.TIOCGPTLCK:
                return TtyIoctl.Give(memory, argument, tty.IsLocked ? 1 : 0);
            case IoctlNumber.TIOCGPTPEER:
                return OpenPeer(tty, request.Thread, (OpenFlags)argument);
            case IoctlNumber.TIOCPKT:
                if (memory.Read(new UserPtr<int>(argument), out var packets) != Errno.None)
                    return Errno.EFAULT;
                file.HasPackets = packets != 0;
                return 0;
            case IoctlNumber.TIOCGPKT:
                return TtyIoctl.Give(memory, argument, file.HasPackets ? 1 : 0);
            case IoctlNumber.TIOCSIG:
                if ((Signal)argument is not (Signal.SIGINT or Signal.SIGQUIT or Signal.SIGTSTP))
                    return Errno.EINVAL;
                tty.Send((Signal)argument);
                return 0;
            case IoctlNumber.FIONREAD:
                return TtyIoctl.Give(memory, argument, tty.ScreenCount);
            case IoctlNumber.TIOCOUTQ:
                return TtyIoctl.Give(memory, argument, 0);
            case IoctlNumber.TIOCGPGRP:
                return TtyIoctl.Give(memory, argument, tty.Owners.Group);
            case IoctlNumber.TIOCGSID:
                return tty.Owners.Session is not 0 and var session ? TtyIoctl.Give(memory, argument, session) : Errno.ENOTTY;
            case IoctlNumber.TIOCSPGRP:
                return memory.Read(new UserPtr<int>(argument), out var group) == Errno.None ? TtyIoctl.Answer(tty.SetForegroundGroup(request.Thread.Process, group)) : Errno.EFAULT;
            case IoctlNumber.TCFLSH:
                return Flush(tty, (TerminalQueue)argument);
            default:
                return TtyIoctl.PerformShared(tty, request, Errno.None);
        }
    }

    /// <summary>The two queues, seen from the other side.</summary>
    private static Result<long> Flush(Tty tty, TerminalQueue queue)
    {
        if (queue is < TerminalQueue.TCIFLUSH or > TerminalQueue.TCIOFLUSH)
            return Errno.EINVAL;
        if (queue != TerminalQueue.TCOFLUSH)
            tty.FlushOutput();
        if (queue != TerminalQueue.TCIFLUSH)
            tty.FlushKeyboard();
        return 0;
    }

    private static Result<long> OpenPeer(Tty tty, GuestThread thread, OpenFlags flags)
    {
        var opened = SlaveOpening.Open(tty, thread.Fs.FileSystem, flags, thread);
        return opened.TryGet(out var slave) && thread.Files.Add(slave, (flags & OpenFlags.O_CLOEXEC) != 0) is var added
            ? added.TryGet(out var descriptor) ? descriptor : added.Error
            : opened.Error;
    }
}
