using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Net.Sockets;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>Linux: <c>sockfd_lookup_light</c>. A descriptor of a socket, kept while a call uses it.</summary>
internal readonly ref struct UserSocket
{
    private readonly FileUse _use;
    private readonly SocketFile? _file;

    private UserSocket(FileUse use)
    {
        _use = use;
        _file = use.Opened as SocketFile;
        Error = use.Opened is null ? Errno.EBADF : _file is null ? Errno.ENOTSOCK : Errno.None;
    }

    /// <summary>EBADF, ENOTSOCK.</summary>
    internal Errno Error { get; }

    internal SocketFile File => _file!;

    internal Socket Socket => _file!.Socket;

    internal static UserSocket Get(GuestThread thread, int fd) => new(thread.Files.Get(fd));

    public void Dispose() => _use.Dispose();
}
