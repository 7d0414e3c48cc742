using Nommu.Core.Abi;
using Nommu.Core.Net.Sockets;
using Nommu.Core.Processes;

namespace Nommu.Core.Net.Unix;

/// <summary>From a name to a peer.</summary>
internal sealed partial class UnixSocket
{
    /// <summary>Linux: net.core.somaxconn.</summary>
    private const int LongestBacklog = 4096;

    /// <summary>Linux: net.unix.max_dgram_qlen.</summary>
    private const int DefaultBacklog = 10;

    private readonly Queue<UnixSocket> _unaccepted = [];
    private volatile int _backlog = DefaultBacklog;
    private Ucred _listenerCredentials;
    private bool _isNameBorrowed;

    internal override Errno Listen(GuestThread thread, int backlog)
    {
        if (!IsConnectionBased)
            return Errno.EOPNOTSUPP;
        if (_name is null)
            return Errno.EINVAL;
        lock (family.Lock)
        {
            if (_state == ConnectionState.Connected)
                return Errno.EINVAL;
            _backlog = (int)Math.Min((uint)backlog, LongestBacklog);
            _state = ConnectionState.Listening;
            _listenerCredentials = EffectiveCredentials(thread);
        }
        RoomQueue.Wake();
        return Errno.None;
    }

    internal override Errno Connect(GuestThread thread, ReadOnlySpan<byte> address, out WaitQueue? blocked)
    {
        blocked = null;
        var dissolves = !IsConnectionBased && UnixName.IsUnspecified(address);
        if (dissolves)
            return ConnectPackets(null);
        if (!UnixName.IsValid(address))
            return Errno.EINVAL;
        if (Options.PassesCredentials && _name is null)
        {
            var error = BindAutomatically();
            if (error != Errno.None)
                return error;
        }
        var found = family.Find(thread, UnixName.Path(address), Type);
        if (!found.TryGet(out var other))
            return found.Error;
        return IsConnectionBased ? ConnectTo(thread, other, out blocked) : ConnectPackets(other);
    }

    internal override Result<Socket> Accept(out WaitQueue? blocked)
    {
        blocked = null;
        if (!IsConnectionBased)
            return Errno.EOPNOTSUPP;
        UnixSocket accepted;
        lock (family.Lock)
        {
            if (_state != ConnectionState.Listening)
                return Errno.EINVAL;
            if (!_unaccepted.TryDequeue(out accepted!))
            {
                if ((_shut & Shut.Receive) != 0)
                    return Errno.EINVAL;
                blocked = ReadQueue;
                return Errno.EAGAIN;
            }
        }
        RoomQueue.Wake();
        return accepted;
    }

    /// <summary>Linux: <c>unix_stream_connect</c>: the other end is there at once, and waits to be accepted.</summary>
    private Errno ConnectTo(GuestThread thread, UnixSocket listener, out WaitQueue? blocked)
    {
        blocked = null;
        lock (family.Lock)
        {
            if (listener._state != ConnectionState.Listening || (listener._shut & Shut.Receive) != 0)
                return Errno.ECONNREFUSED;
            if (listener._unaccepted.Count > listener._backlog)
            {
                blocked = listener.RoomQueue;
                return Errno.EAGAIN;
            }
            if (_state != ConnectionState.None || _isDead)
                return _state == ConnectionState.Connected ? Errno.EISCONN : Errno.EINVAL;
            var accepted = new UnixSocket(family, Type) { _name = listener._name, _isNameBorrowed = true };
            accepted.ConnectedTo(this, EffectiveCredentials(thread));
            ConnectedTo(accepted, listener._listenerCredentials);
            listener._unaccepted.Enqueue(accepted);
        }
        listener.ReadQueue.Wake();
        WakeAll();
        return Errno.None;
    }

    /// <summary>Linux: <c>unix_dgram_connect</c>: a default for where to and a filter for where from.</summary>
    private Errno ConnectPackets(UnixSocket? other)
    {
        UnixSocket? old;
        lock (family.Lock)
        {
            if (other is not null && !other.Takes(this))
                return Errno.EPERM;
            old = _peer;
            _peer = other;
            _state = other is null ? ConnectionState.None : ConnectionState.Connected;
        }
        if (old is not null && old != other)
            Disconnected(old);
        WriteQueue.Wake();
        return Errno.None;
    }

    /// <summary>Linux: <c>unix_dgram_disconnected</c>: what the old peer has sent is void, and it hears of it.</summary>
    private void Disconnected(UnixSocket old)
    {
        if (!Purge())
            return;
        RoomQueue.Wake();
        if (!old._isDead && old._peer == this)
            old.AddShut(Shut.None, Errno.ECONNRESET);
    }

    /// <summary>Linux: <c>unix_may_send</c>.</summary>
    private bool Takes(UnixSocket sender) => _peer is not { } peer || peer == sender;

    private static Ucred EffectiveCredentials(GuestThread thread) => new(thread.Process.Id, thread.Credentials.Euid, thread.Credentials.Egid);
}
