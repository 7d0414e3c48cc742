namespace Nommu.Core.Abi;

/// <summary>Linux: the operations of epoll_ctl(2).</summary>
internal enum EpollOperation
{
    EPOLL_CTL_ADD = 1,
    EPOLL_CTL_DEL = 2,
    EPOLL_CTL_MOD = 3,
}

/// <summary>Linux: the bits of epoll_ctl(2) that are not poll events.</summary>
[Flags]
internal enum EpollFlags : uint
{
    None = 0,
    EPOLLEXCLUSIVE = 0x10000000,
    EPOLLWAKEUP = 0x20000000,
    EPOLLONESHOT = 0x40000000,
    EPOLLET = 0x80000000,
}
