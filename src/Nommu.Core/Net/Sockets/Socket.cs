using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Processes;

namespace Nommu.Core.Net.Sockets;

/// <summary>
/// Linux: <c>struct sock</c> with <c>struct proto_ops</c>. Differs: no operation ever waits. What can't be done now answers EAGAIN and names the queue that tells of a change; <see cref="SocketCalls"/> sleeps there.
/// </summary>
/// <remarks>Addresses are as the guest gives and takes them: a sockaddr, family first.</remarks>
internal abstract class Socket(AddressFamily family, SocketType type, int protocol)
{
    internal AddressFamily Family => family;

    /// <summary>Without flags.</summary>
    internal SocketType Type => type;

    internal int Protocol => protocol;

    /// <summary>What setsockopt(2) sets for sockets of every family.</summary>
    internal SocketOptions Options { get; } = new();

    /// <summary>SO_ACCEPTCONN.</summary>
    internal virtual bool IsListening => false;

    /// <summary>True where a write is taken in parts and the lack of a reader is told by SIGPIPE, too.</summary>
    internal virtual bool IsStream => type == SocketType.SOCK_STREAM;

    /// <summary>SO_PEERCRED; of none where there is no peer.</summary>
    internal virtual Ucred PeerCredentials => new(0, uint.MaxValue, uint.MaxValue);

    /// <summary>bind(2).</summary>
    internal abstract Errno Bind(GuestThread thread, ReadOnlySpan<byte> address);

    /// <summary>listen(2).</summary>
    internal abstract Errno Listen(GuestThread thread, int backlog);

    /// <summary>connect(2).</summary>
    /// <param name="thread">Who asks.</param>
    /// <param name="address">The peer's.</param>
    /// <param name="blocked">With EAGAIN: what to wait for.</param>
    internal abstract Errno Connect(GuestThread thread, ReadOnlySpan<byte> address, out WaitQueue? blocked);

    /// <summary>accept(2): the next connection.</summary>
    /// <param name="blocked">With EAGAIN: what to wait for.</param>
    internal abstract Result<Socket> Accept(out WaitQueue? blocked);

    /// <summary>Sends what can be sent now: a packet, or a part of a stream.</summary>
    /// <param name="message">Its data moves forward only by what has been sent.</param>
    /// <param name="blocked">With EAGAIN: what to wait for.</param>
    /// <returns>Bytes.</returns>
    internal abstract Result<long> Send(ref OutgoingMessage message, out WaitQueue? blocked);

    /// <summary>Receives what is there: a packet, or a part of a stream.</summary>
    /// <param name="message">Where it goes, and what comes with it.</param>
    /// <param name="blocked">With EAGAIN: what to wait for.</param>
    /// <returns>Bytes; 0 at the end of a stream.</returns>
    internal abstract Result<long> Receive(ref IncomingMessage message, out WaitQueue? blocked);

    /// <summary>shutdown(2).</summary>
    internal abstract Errno Shutdown(ShutdownHow how);

    /// <summary>getsockname(2).</summary>
    internal abstract byte[] LocalAddress { get; }

    /// <summary>getpeername(2): ENOTCONN without a peer.</summary>
    internal abstract Result<byte[]> PeerAddress { get; }

    /// <summary>SO_ERROR: takes what went wrong out of the socket.</summary>
    internal abstract Errno TakeError();

    /// <summary>What can be done now.</summary>
    internal abstract PollEvents Poll(PollTable? table);

    /// <summary>ioctl(2).</summary>
    internal virtual Result<long> Ioctl(in IoctlRequest request) => Errno.ENOTTY;

    /// <summary>An option below SOL_SOCKET.</summary>
    internal virtual Errno SetOption(int level, int option, ReadOnlySpan<byte> value) => Errno.EOPNOTSUPP;

    /// <summary>An option below SOL_SOCKET.</summary>
    internal virtual Result<byte[]> GetOption(int level, int option) => Errno.EOPNOTSUPP;

    /// <summary>The socket got an open file.</summary>
    internal virtual void Attached(SocketFile file)
    {
    }

    /// <summary>A reference to the open file is gone, and others are left.</summary>
    internal virtual void ReferenceDropped()
    {
    }

    /// <summary>The open file is gone.</summary>
    internal abstract void Close();
}
