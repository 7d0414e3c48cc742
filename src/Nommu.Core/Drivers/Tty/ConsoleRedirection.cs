using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Drivers.Tty;

/// <summary>Linux: <c>redirect</c> of drivers/tty/tty_io.c (TIOCCONS): the terminal that gets what programs write to /dev/console, instead of the line behind it. Differs: a terminal that was hung up is let go at the next write.</summary>
internal sealed class ConsoleRedirection
{
    private readonly Lock _lock = new();
    private TtyFile? _to;

    /// <summary>Linux: <c>tioccons</c>. The console itself takes it back.</summary>
    internal Errno Set(GuestThread thread, TtyFile file)
    {
        if (!thread.Credentials.Has(Capability.CAP_SYS_ADMIN))
            return Errno.EPERM;
        TtyFile? old = null;
        lock (_lock)
        {
            if (file.IsConsole)
                (old, _to) = (_to, null);
            else if (!file.CanWrite)
                return Errno.EBADF;
            else if (_to is not null)
                return Errno.EBUSY;
            else
                _to = (TtyFile)file.Retain();
        }
        old?.Release();
        return Errno.None;
    }

    /// <summary>What writes go to, with a reference; null for the line.</summary>
    internal TtyFile? Take()
    {
        if (Volatile.Read(ref _to) is null)
            return null;
        TtyFile? hungUp = null;
        try
        {
            lock (_lock)
            {
                if (_to is { IsHungUp: true })
                    (hungUp, _to) = (_to, null);
                return (TtyFile?)_to?.Retain();
            }
        }
        finally
        {
            hungUp?.Release();
        }
    }
}
