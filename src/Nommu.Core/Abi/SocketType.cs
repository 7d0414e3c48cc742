namespace Nommu.Core.Abi;

/// <summary>Linux: the types of socket(2), and the flags that come with them.</summary>
[Flags]
internal enum SocketType
{
    None = 0,
    SOCK_STREAM = 1,
    SOCK_DGRAM = 2,
    SOCK_RAW = 3,
    SOCK_RDM = 4,
    SOCK_SEQPACKET = 5,
    SOCK_NONBLOCK = 0x800,
    SOCK_CLOEXEC = 0x80000,
}

/// <summary>Linux: how shutdown(2) ends a connection.</summary>
internal enum ShutdownHow
{
    SHUT_RD = 0,
    SHUT_WR = 1,
    SHUT_RDWR = 2,
}
