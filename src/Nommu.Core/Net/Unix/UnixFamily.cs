using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Net.Sockets;
using Nommu.Core.Processes;

namespace Nommu.Core.Net.Unix;

/// <summary>Linux: net/unix (unix(7)). The sockets of one machine: who is bound to which name, and the files that are under way between them.</summary>
/// <remarks>Lock order: <see cref="Lock"/>, then one socket's own lock. Queues are woken outside of both.</remarks>
internal sealed class UnixFamily : ISocketFamily
{
    /// <summary>Linux: PF_UNIX as a protocol is the same as none.</summary>
    private const int PF_UNIX = 1;

    private readonly Dictionary<(SocketType Type, string Name), UnixSocket> _abstractNames = [];
    private uint _nextAutomatic;

    /// <inheritdoc/>
    public AddressFamily Family => AddressFamily.AF_UNIX;

    /// <summary>Guards who is connected to whom, what waits to be accepted, and the names.</summary>
    internal Lock Lock { get; } = new();

    internal FilesUnderWay FilesUnderWay { get; } = new();

    /// <inheritdoc/>
    public Result<Socket> Create(SocketType type, int protocol)
    {
        if (protocol is not (0 or PF_UNIX))
            return Errno.EPROTONOSUPPORT;
        return type switch
        {
            SocketType.SOCK_STREAM or SocketType.SOCK_DGRAM or SocketType.SOCK_SEQPACKET => new UnixSocket(this, type),
            SocketType.SOCK_RAW => new UnixSocket(this, SocketType.SOCK_DGRAM),
            _ => Errno.ESOCKTNOSUPPORT,
        };
    }

    /// <inheritdoc/>
    public Errno Pair(Socket first, Socket second, Ucred owner)
    {
        lock (Lock)
        {
            ((UnixSocket)first).ConnectedTo((UnixSocket)second, owner);
            ((UnixSocket)second).ConnectedTo((UnixSocket)first, owner);
        }
        return Errno.None;
    }

    /// <summary>Gives a socket a name that needs no file.</summary>
    /// <returns>EADDRINUSE.</returns>
    internal Errno BindAbstract(UnixSocket socket, ReadOnlySpan<byte> name)
    {
        lock (Lock)
            return _abstractNames.TryAdd(Key(socket.Type, name), socket) ? Errno.None : Errno.EADDRINUSE;
    }

    /// <summary>Linux: <c>unix_autobind</c>: the first free name of five hexadecimal digits.</summary>
    /// <returns>ENOSPC when there is none.</returns>
    internal Result<byte[]> BindAutomatically(UnixSocket socket)
    {
        const uint Names = 1 << 20;
        lock (Lock)
        {
            for (uint i = 0; i < Names; i++)
            {
                var name = Encoding.ASCII.GetBytes($"\0{_nextAutomatic++ % Names:x5}");
                if (_abstractNames.TryAdd(Key(socket.Type, name), socket))
                    return UnixName.Of(name);
            }
        }
        return Errno.ENOSPC;
    }

    internal void Unbind(UnixSocket socket, ReadOnlySpan<byte> name) => _abstractNames.Remove(Key(socket.Type, name));

    /// <summary>Linux: <c>unix_find_other</c>.</summary>
    /// <param name="thread">Who looks for it, by its own root and rights.</param>
    /// <param name="path">What stands behind the family in an address.</param>
    /// <param name="type">Of socket.</param>
    /// <returns>ECONNREFUSED where nobody is bound to it, EPROTOTYPE for another type, or what the path's search meets.</returns>
    internal Result<UnixSocket> Find(GuestThread thread, ReadOnlySpan<byte> path, SocketType type)
    {
        if (path[0] == 0)
        {
            lock (Lock)
                return _abstractNames.TryGetValue(Key(type, path), out var bound) ? bound : Errno.ECONNREFUSED;
        }
        var caller = thread.FsCaller;
        var found = caller.Resolve(thread.Fs.WorkingDirectory, path);
        if (!found.TryGet(out var place))
            return found.Error;
        var error = caller.Check(place, AccessMask.MAY_WRITE);
        if (error != Errno.None)
            return error;
        if (place.Inode is not SpecialInode { Type: InodeMode.S_IFSOCK, BoundSocket: UnixSocket socket })
            return Errno.ECONNREFUSED;
        return socket.Type == type ? socket : Errno.EPROTOTYPE;
    }

    private static (SocketType Type, string Name) Key(SocketType type, ReadOnlySpan<byte> name) => (type, Encoding.Latin1.GetString(name));
}
