using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;

namespace Nommu.Core.Drivers.Tty;

/// <summary>Linux: <c>tty_mode_ioctl</c>: settings in their three layouts, and emptying of queues. Nothing has to drain here, since whatever was written is with the other end at once.</summary>
internal static class TermiosIoctl
{
    internal static Result<long> Perform(Tty tty, in IoctlRequest request, Errno refused)
    {
        var (memory, argument) = (request.Memory, request.Argument);
        switch ((IoctlNumber)request.Request)
        {
            case IoctlNumber.TCGETS:
                return TtyIoctl.Give(memory, argument, tty.Settings.Termios);
            case IoctlNumber.TCGETS2:
                return TtyIoctl.Give(memory, argument, tty.Settings);
            case IoctlNumber.TCGETA:
                return TtyIoctl.Give(memory, argument, Narrow(tty.Settings.Termios));
            case IoctlNumber.TIOCGSOFTCAR:
                return TtyIoctl.Give(memory, argument, (tty.Settings.Termios.Control & (uint)TermiosControl.CLOCAL) != 0 ? 1 : 0);
            case IoctlNumber.TCSETS or IoctlNumber.TCSETSW or IoctlNumber.TCSETSF:
                if (refused != Errno.None)
                    return refused;
                return memory.Read(new UserPtr<Termios>(argument), out var plain) == Errno.None ? Set(tty, plain, null, request) : Errno.EFAULT;
            case IoctlNumber.TCSETS2 or IoctlNumber.TCSETSW2 or IoctlNumber.TCSETSF2:
                if (refused != Errno.None)
                    return refused;
                return memory.Read(new UserPtr<Termios2>(argument), out var full) == Errno.None ? Set(tty, full.Termios, full.OutputSpeed, request) : Errno.EFAULT;
            case IoctlNumber.TCSETA or IoctlNumber.TCSETAW or IoctlNumber.TCSETAF:
                if (refused != Errno.None)
                    return refused;
                return memory.Read(new UserPtr<Termio>(argument), out var narrow) == Errno.None ? Set(tty, Widen(narrow, tty.Settings.Termios), null, request) : Errno.EFAULT;
            case IoctlNumber.TCFLSH:
                return refused != Errno.None ? refused : Flush(tty, (TerminalQueue)argument);
            default:
                return Errno.ENOTTY;
        }
    }

    private static Result<long> Set(Tty tty, in Termios termios, uint? speed, in IoctlRequest request)
    {
        if ((IoctlNumber)request.Request is IoctlNumber.TCSETSF or IoctlNumber.TCSETSF2 or IoctlNumber.TCSETAF)
            tty.FlushInput();
        tty.SetSettings(termios, speed);
        return 0;
    }

    private static Result<long> Flush(Tty tty, TerminalQueue queue)
    {
        if (queue is < TerminalQueue.TCIFLUSH or > TerminalQueue.TCIOFLUSH)
            return Errno.EINVAL;
        if (queue != TerminalQueue.TCOFLUSH)
            tty.FlushInput();
        if (queue != TerminalQueue.TCIFLUSH)
            tty.FlushOutput();
        return 0;
    }

    private static Termio Narrow(in Termios termios)
    {
        var narrow = new Termio
        {
            Input = (ushort)termios.Input,
            Output = (ushort)termios.Output,
            Control = (ushort)termios.Control,
            Local = (ushort)termios.Local,
            Line = termios.Line,
        };
        ((ReadOnlySpan<byte>)termios.Characters)[..8].CopyTo(narrow.Characters);
        return narrow;
    }

    /// <summary>The upper halves and the other characters stay as they are.</summary>
    private static Termios Widen(in Termio narrow, Termios termios)
    {
        termios.Input = (TermiosInput)(((uint)termios.Input & 0xffff0000) | narrow.Input);
        termios.Output = (TermiosOutput)(((uint)termios.Output & 0xffff0000) | narrow.Output);
        termios.Control = (termios.Control & 0xffff0000) | narrow.Control;
        termios.Local = (TermiosLocal)(((uint)termios.Local & 0xffff0000) | narrow.Local);
        termios.Line = narrow.Line;
        ((ReadOnlySpan<byte>)narrow.Characters).CopyTo(termios.Characters);
        return termios;
    }
}
