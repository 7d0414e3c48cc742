using Nommu.Core.Abi;
using Nommu.Core.Net.Sockets;
using Nommu.Core.Processes;

namespace Nommu.Core.Net.Unix;

/// <summary>From a sender's memory to a receiver's queue.</summary>
internal sealed partial class UnixSocket
{
    /// <summary>Linux: SKB_MAX_ALLOC and SKB_MAX_HEAD: what an sk_buff holds in one piece of 16 or 4 KiB, and the 32 KiB of pages that a stream's has besides.</summary>
    private const int LongestLinear = 16064, LongestHead = 3776, StreamPages = 32768;

    private int _charged;

    /// <summary>Linux: <c>unix_writable</c>: a quarter of the buffer must be free before a writer is told.</summary>
    private bool IsWritable => (long)Volatile.Read(ref _charged) << 2 <= Options.SendBuffer;

    internal override Result<long> Send(ref OutgoingMessage message, out WaitQueue? blocked)
    {
        blocked = null;
        if ((message.Flags & MessageFlags.MSG_OOB) != 0)
            return Errno.EOPNOTSUPP;
        return IsStream ? SendStream(ref message, out blocked) : SendPacket(ref message, out blocked);
    }

    internal void Uncharge(int charge)
    {
        Interlocked.Add(ref _charged, -charge);
        if (IsWritable)
            WriteQueue.Wake();
    }

    /// <summary>Linux: <c>unix_stream_sendmsg</c>.</summary>
    private Result<long> SendStream(ref OutgoingMessage message, out WaitQueue? blocked)
    {
        blocked = null;
        if (!message.To.IsEmpty)
            return _state == ConnectionState.Connected ? Errno.EISCONN : Errno.EOPNOTSUPP;
        if (_peer is not { } peer)
            return Errno.ENOTCONN;
        if ((_shut & Shut.Send) != 0)
            return Errno.EPIPE;
        long done = 0;
        while (message.Data.Remaining > 0)
        {
            var length = (int)Math.Min(message.Data.Remaining, Math.Min((Options.SendBuffer >> 1) - 64, LongestHead + StreamPages));
            var paged = Math.Min(length, (Math.Max(0, length - LongestHead) + 4095) & ~4095);
            var error = SendPiece(ref message, peer, length, UnixMessage.Cost(length, paged), limited: false, out blocked);
            if (error != Errno.None)
                return done > 0 ? done : error == Errno.ECONNREFUSED ? Errno.EPIPE : error;
            done += length;
        }
        return done;
    }

    /// <summary>Linux: <c>unix_dgram_sendmsg</c>, which SOCK_SEQPACKET uses, too.</summary>
    private Result<long> SendPacket(ref OutgoingMessage message, out WaitQueue? blocked)
    {
        blocked = null;
        var found = FindReceiver(message);
        if (!found.TryGet(out var receiver))
            return found.Error;
        var length = message.Data.Remaining;
        if (length > Options.SendBuffer - 32)
            return Errno.EMSGSIZE;
        var error = TakeError();
        if (error != Errno.None)
            return error;
        if ((_shut & Shut.Send) != 0)
            return Errno.EPIPE;
        if (!receiver.Takes(this))
            return Errno.EPERM;
        var paged = length <= LongestLinear ? 0 : ((int)length - LongestLinear + 4095) & ~4095;
        var limited = receiver != this && receiver._peer != this;
        error = SendPiece(ref message, receiver, (int)length, UnixMessage.Cost((int)length, paged), limited, out blocked);
        if (error == Errno.ECONNREFUSED)
            return Refused(receiver);
        return error == Errno.None ? length : error;
    }

    private Result<UnixSocket> FindReceiver(in OutgoingMessage message)
    {
        if (IsConnectionBased)
        {
            var error = TakeError();
            if (error != Errno.None)
                return error;
            return _state == ConnectionState.Connected && _peer is { } connected ? connected : Errno.ENOTCONN;
        }
        if (!message.To.IsEmpty && !UnixName.IsValid(message.To))
            return Errno.EINVAL;
        if (Options.PassesCredentials && _name is null)
        {
            var error = BindAutomatically();
            if (error != Errno.None)
                return error;
        }
        if (!message.To.IsEmpty)
            return family.Find(message.Thread, UnixName.Path(message.To), Type);
        return _peer is { } peer ? peer : Errno.ENOTCONN;
    }

    /// <summary>The receiver is gone: a peer is one no longer, and the sender learns that once.</summary>
    private Errno Refused(UnixSocket receiver)
    {
        if (IsConnectionBased)
            return Errno.EPIPE;
        lock (family.Lock)
        {
            if (_peer != receiver)
                return Errno.ECONNREFUSED;
            _peer = null;
            _state = ConnectionState.None;
        }
        Disconnected(receiver);
        return Errno.ECONNREFUSED;
    }

    /// <summary>Charges, copies and queues one piece, or does nothing at all.</summary>
    /// <returns>EAGAIN without room, EFAULT, ETOOMANYREFS, EPIPE where the receiver takes nothing any more, ECONNREFUSED where it is gone.</returns>
    private Errno SendPiece(ref OutgoingMessage message, UnixSocket receiver, int length, int charge, bool limited, out WaitQueue? blocked)
    {
        blocked = Volatile.Read(ref _charged) >= Options.SendBuffer ? WriteQueue : limited && receiver.IsFull ? receiver.RoomQueue : null;
        if (blocked is not null)
            return Errno.EAGAIN;
        var source = message.Data;
        var data = new byte[length];
        if (source.CopyFrom(data) < length)
            return Errno.EFAULT;
        var piece = new UnixMessage(data, this, charge) { Credentials = message.Credentials ?? OwnCredentials(message.Thread, receiver) };
        var error = family.FilesUnderWay.Add(piece, message.Files, message.Thread);
        if (error != Errno.None)
            return error;
        Interlocked.Add(ref _charged, charge);
        error = receiver.Enqueue(piece, limited);
        if (error != Errno.None)
        {
            Uncharge(charge);
            _ = family.FilesUnderWay.Take(piece);
            blocked = error == Errno.EAGAIN ? receiver.RoomQueue : null;
            return error;
        }
        message.Files = null;
        message.Data = source;
        return Errno.None;
    }

    private Errno Enqueue(UnixMessage message, bool limited)
    {
        lock (_lock)
        {
            if (_isDead)
                return Errno.ECONNREFUSED;
            if ((_shut & Shut.Receive) != 0)
                return Errno.EPIPE;
            if (limited && _messages.Count > _backlog)
                return Errno.EAGAIN;
            _messages.Enqueue(message);
        }
        ReadQueue.Wake();
        return Errno.None;
    }

    private bool IsFull
    {
        get
        {
            lock (_lock)
                return _messages.Count > _backlog;
        }
    }

    /// <summary>Linux: <c>maybe_add_creds</c>: where either side asks for them, or the other may yet ask.</summary>
    private Ucred? OwnCredentials(GuestThread thread, UnixSocket receiver) =>
        Options.PassesCredentials || receiver.Options.PassesCredentials || receiver.File is null
            ? new Ucred(thread.Process.Id, thread.Credentials.Uid, thread.Credentials.Gid)
            : null;
}
