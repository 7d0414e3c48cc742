using System.Runtime.InteropServices;
using Nommu.Core.Abi;

namespace Nommu.Core.Host;

/// <summary>A descriptor of the host process that somebody else has opened: its standard streams.</summary>
internal readonly unsafe struct HostDescriptor(int number)
{
    internal const short Readable = 1, Writable = 4;

    private const int POLL_FOREVER = -1;
    private const nuint TCGETS = 0x5401, TCSETS = 0x5402, TIOCGWINSZ = 0x5413, FIONREAD = 0x541b;

    internal int Number { get; } = number;

    internal bool IsTerminal => TryGetTermios(out _);

    internal int Available
    {
        get
        {
            var count = 0;
            return HostCalls.ioctl(Number, FIONREAD, &count) == 0 ? count : 0;
        }
    }

    /// <returns>Bytes, 0 at the end, or the host's error.</returns>
    internal Result<int> Read(Span<byte> buffer)
    {
        fixed (byte* target = buffer)
        {
            nint count;
            do
                count = HostCalls.read(Number, target, (nuint)buffer.Length);
            while (count < 0 && LastError == Errno.EINTR);
            return count < 0 ? LastError : (int)count;
        }
    }

    /// <returns>Bytes, or the host's error.</returns>
    internal Result<int> Write(ReadOnlySpan<byte> buffer)
    {
        fixed (byte* source = buffer)
        {
            nint count;
            do
                count = HostCalls.write(Number, source, (nuint)buffer.Length);
            while (count < 0 && LastError == Errno.EINTR);
            return count < 0 ? LastError : (int)count;
        }
    }

    /// <summary>Whether an operation would not wait; at the end of the file and on errors neither does.</summary>
    internal bool IsReady(short events, int milliseconds = 0)
    {
        var fd = new HostPollFd { Descriptor = Number, Events = events };
        return HostCalls.poll(&fd, 1, milliseconds) > 0;
    }

    /// <summary>Waits until it can be read.</summary>
    /// <param name="other">Ends the wait when it can be read.</param>
    /// <returns>False when it was the other.</returns>
    internal bool WaitReadable(HostDescriptor other)
    {
        var fds = stackalloc HostPollFd[2];
        fds[0] = new HostPollFd { Descriptor = Number, Events = Readable };
        fds[1] = new HostPollFd { Descriptor = other.Number, Events = Readable };
        while (HostCalls.poll(fds, 2, POLL_FOREVER) <= 0)
        {
        }
        return fds[1].Found == 0;
    }

    internal bool TryGetTermios(out Termios termios)
    {
        Termios found;
        var ok = HostCalls.ioctl(Number, TCGETS, &found) == 0;
        termios = ok ? found : default;
        return ok;
    }

    internal void SetTermios(Termios termios) => _ = HostCalls.ioctl(Number, TCSETS, &termios);

    internal bool TryGetWindowSize(out Winsize size)
    {
        Winsize found;
        var ok = HostCalls.ioctl(Number, TIOCGWINSZ, &found) == 0 && found.Columns != 0;
        size = ok ? found : default;
        return ok;
    }

    private static Errno LastError => (Errno)Marshal.GetLastPInvokeError();
}
