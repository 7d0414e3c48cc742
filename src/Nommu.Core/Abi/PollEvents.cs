namespace Nommu.Core.Abi;

/// <summary>Linux: the event bits of poll(2), x86-64 values; epoll's are the same.</summary>
[Flags]
public enum PollEvents : uint
{
#pragma warning disable CS1591 // poll(2) explains them.
    None = 0,
    POLLIN = 0x1,
    POLLPRI = 0x2,
    POLLOUT = 0x4,
    POLLERR = 0x8,
    POLLHUP = 0x10,
    POLLNVAL = 0x20,
    POLLRDNORM = 0x40,
    POLLRDBAND = 0x80,
    POLLWRNORM = 0x100,
    POLLWRBAND = 0x200,
    POLLMSG = 0x400,
    POLLREMOVE = 0x1000,
    POLLRDHUP = 0x2000,
#pragma warning restore CS1591
}
