using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Net.Sockets;
using Nommu.Core.Processes;

namespace Nommu.Core.Net.Unix;

/// <summary>
/// Linux: <c>struct unix_sock</c>, of all three types. Differs: out-of-band data is refused, as in a kernel built without CONFIG_AF_UNIX_OOB.
/// </summary>
/// <remarks>Messages wait in the receiver's queue and are charged to the sender's buffer. <see cref="_lock"/> guards the queue, what is shut, and the error; the family's lock the rest.</remarks>
internal sealed partial class UnixSocket(UnixFamily family, SocketType type) : Socket(AddressFamily.AF_UNIX, type, 0)
{
    private readonly Lock _lock = new();
    private readonly Queue<UnixMessage> _messages = [];
    private volatile UnixSocket? _peer;
    private volatile ConnectionState _state;
    private volatile Shut _shut;
    private volatile bool _isDead;
    private volatile Errno _error;
    private Ucred _peerCredentials = new(0, uint.MaxValue, uint.MaxValue);

    /// <summary>Linux: <c>sk_state</c>.</summary>
    private enum ConnectionState
    {
        None,
        Listening,
        Connected,
    }

    /// <summary>Linux: <c>sk_shutdown</c>.</summary>
    [Flags]
    private enum Shut
    {
        None = 0,
        Receive = 1,
        Send = 2,
        Both = 3,
    }

    /// <summary>Woken when a message or a connection comes, and when the state changes.</summary>
    private WaitQueue ReadQueue { get; } = new();

    /// <summary>Woken when the send buffer has room, and when the state changes.</summary>
    private WaitQueue WriteQueue { get; } = new();

    /// <summary>Linux: <c>peer_wait</c>. Woken when there is room in the queue for others' packets or connections.</summary>
    private WaitQueue RoomQueue { get; } = new();

    /// <summary>True for types with connect(2) and accept(2) between two ends.</summary>
    private bool IsConnectionBased => Type != SocketType.SOCK_DGRAM;

    /// <summary>The open file; null before accept(2).</summary>
    internal SocketFile? File { get; private set; }

    internal override void Attached(SocketFile file) => File = file;

    internal override Ucred PeerCredentials => _peerCredentials;

    internal override bool IsListening => _state == ConnectionState.Listening;

    internal override byte[] LocalAddress => Name ?? UnixName.None.ToArray();

    internal override Result<byte[]> PeerAddress => _peer is { } peer ? peer.LocalAddress : Errno.ENOTCONN;

    internal override Errno TakeError()
    {
        lock (_lock)
            return TakeErrorLocked();
    }

    /// <summary>Called under the family's lock.</summary>
    internal void ConnectedTo(UnixSocket peer, Ucred credentials)
    {
        _peer = peer;
        _peerCredentials = credentials;
        _state = ConnectionState.Connected;
    }

    /// <inheritdoc/>
    /// <remarks>unix(7): the other end sees the end of what comes, or that nobody reads any more.</remarks>
    internal override Errno Shutdown(ShutdownHow how)
    {
        var shut = (Shut)(how + 1);
        AddShut(shut, Errno.None);
        if (IsConnectionBased && _peer is { } peer)
            peer.AddShut(((shut & Shut.Receive) != 0 ? Shut.Send : Shut.None) | ((shut & Shut.Send) != 0 ? Shut.Receive : Shut.None), Errno.None);
        return Errno.None;
    }

    internal override Result<long> Ioctl(in IoctlRequest request)
    {
        const uint SIOCINQ = 0x541B, SIOCOUTQ = 0x5411;
        switch (request.Request)
        {
            case SIOCINQ when IsListening:
                return Errno.EINVAL;
            case SIOCINQ:
                return Answer(request, UnreadBytes());
            case SIOCOUTQ:
                return Answer(request, Volatile.Read(ref _charged));
            default:
                return Errno.ENOTTY;
        }
    }

    internal override void ReferenceDropped() => family.FilesUnderWay.Left(File!);

    /// <summary>Linux: <c>unix_release_sock</c>.</summary>
    internal override void Close()
    {
        UnixSocket? peer;
        UnixSocket[] unaccepted;
        lock (family.Lock)
        {
            _isDead = true;
            RemoveName();
            _state = ConnectionState.None;
            unaccepted = [.. _unaccepted];
            _unaccepted.Clear();
            peer = _peer;
        }
        var unread = Purge() || unaccepted.Length > 0;
        if (IsConnectionBased)
            peer?.AddShut(Shut.Both, unread || File is null ? Errno.ECONNRESET : Errno.None);
        foreach (var socket in unaccepted)
            socket.Close();
        _peer = null;
        WakeAll();
        ReleasePlace();
        family.FilesUnderWay.Collect();
    }

    /// <summary>Lets go of what nobody will receive.</summary>
    /// <returns>True when there was something.</returns>
    internal bool Purge()
    {
        UnixMessage[] messages;
        lock (_lock)
        {
            messages = [.. _messages];
            _messages.Clear();
        }
        foreach (var message in messages)
        {
            message.Sender.Uncharge(message.Charge);
            foreach (var file in family.FilesUnderWay.Take(message) ?? [])
                file.Release();
        }
        return messages.Length > 0;
    }

    private void AddShut(Shut shut, Errno error)
    {
        lock (_lock)
        {
            _shut |= shut;
            if (error != Errno.None)
                _error = error;
        }
        WakeAll();
    }

    private void WakeAll()
    {
        ReadQueue.Wake();
        WriteQueue.Wake();
        RoomQueue.Wake();
    }

    private Errno TakeErrorLocked()
    {
        var error = _error;
        _error = Errno.None;
        return error;
    }

    private int UnreadBytes()
    {
        lock (_lock)
        {
            // The length of the next packet, or of all that a stream holds; Linux adds packets of a sequence up, too.
            if (!IsConnectionBased)
                return _messages.TryPeek(out var first) ? first.Length : 0;
            var sum = 0;
            foreach (var message in _messages)
                sum += message.Length;
            return sum;
        }
    }

    private static Result<long> Answer(in IoctlRequest request, int value)
    {
        var error = request.Memory.Write(new Memory.UserPtr<int>(request.Argument), value);
        return error == Errno.None ? 0 : error;
    }
}
