using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Net.Sockets;
using Nommu.Core.Processes;

namespace Nommu.Core.Net.Unix;

/// <summary>From the queue to a receiver's memory.</summary>
internal sealed partial class UnixSocket
{
    internal override Result<long> Receive(ref IncomingMessage message, out WaitQueue? blocked)
    {
        blocked = null;
        if (IsConnectionBased && _state != ConnectionState.Connected)
            return IsStream ? Errno.EINVAL : Errno.ENOTCONN;
        if ((message.Flags & MessageFlags.MSG_OOB) != 0)
            return Errno.EOPNOTSUPP;
        return IsStream ? ReceiveStream(ref message, out blocked) : ReceivePacket(ref message, out blocked);
    }

    /// <summary>Linux: <c>unix_stream_read_generic</c>: pieces are joined unless they come from different senders or bring files.</summary>
    private Result<long> ReceiveStream(ref IncomingMessage message, out WaitQueue? blocked)
    {
        blocked = null;
        long done = 0;
        UnixSocket? sender = null;
        var charge = 0;
        lock (_lock)
        {
            if (_messages.Count == 0)
                return NothingLocked(out blocked);
            if (message.Data.Remaining == 0)
                return 0;
            if (message.IsPeek)
            {
                foreach (var piece in _messages)
                {
                    if (!TakePiece(ref message, piece, ref done) || message.Files is not null)
                        break;
                }
            }
            else
            {
                while (_messages.TryPeek(out var piece) && TakePiece(ref message, piece, ref done))
                {
                    if (piece.Length == 0)
                        (sender, charge) = (piece.Sender, charge + _messages.Dequeue().Charge);
                    if (message.Files is not null)
                        break;
                }
            }
        }
        sender?.Uncharge(charge);
        return done == 0 ? Errno.EFAULT : done;
    }

    /// <returns>False when the receiver has no more room or is to look at what it has first.</returns>
    private bool TakePiece(ref IncomingMessage message, UnixMessage piece, ref long done)
    {
        if (message.Data.Remaining == 0 || message.Data.Faulted || (done > 0 && Options.PassesCredentials && piece.Credentials != message.Credentials))
            return false;
        message.Credentials = piece.Credentials;
        message.From ??= piece.From;
        var copied = message.Data.CopyTo(piece.Rest);
        done += copied;
        if (copied == 0)
            return false;
        if (message.IsPeek)
        {
            message.Files = piece.CopyFiles();
            return true;
        }
        message.Files = family.FilesUnderWay.Take(piece);
        piece.Skip(copied);
        return true;
    }

    /// <summary>Linux: <c>unix_dgram_recvmsg</c>: one packet; what of it does not fit is lost.</summary>
    private Result<long> ReceivePacket(ref IncomingMessage message, out WaitQueue? blocked)
    {
        blocked = null;
        UnixMessage? packet;
        lock (_lock)
        {
            if (!_messages.TryPeek(out packet))
                return NothingLocked(out blocked, message.Waits);
            if (message.IsPeek)
                message.Files = packet.CopyFiles();
            else
                _messages.Dequeue();
        }
        if (!message.IsPeek)
        {
            message.Files = family.FilesUnderWay.Take(packet);
            packet.Sender.Uncharge(packet.Charge);
            RoomQueue.Wake();
        }
        var copied = message.Data.CopyTo(packet.Rest[..(int)Math.Min(packet.Length, message.Data.Remaining)]);
        if (message.Data.Faulted)
            return Errno.EFAULT;
        message.From = packet.From;
        message.Credentials = packet.Credentials;
        if (copied < packet.Length)
            message.Answer |= MessageFlags.MSG_TRUNC;
        return (message.Flags & MessageFlags.MSG_TRUNC) != 0 ? packet.Length : copied;
    }

    private Result<long> NothingLocked(out WaitQueue? blocked, bool waits = true)
    {
        blocked = null;
        var error = TakeErrorLocked();
        if (error != Errno.None)
            return error;
        // A packet socket without a connection that does not wait is only told that there is nothing.
        if ((_shut & Shut.Receive) != 0 && (IsConnectionBased || waits))
            return 0;
        blocked = ReadQueue;
        return Errno.EAGAIN;
    }

    /// <summary>Linux: <c>unix_poll</c> and <c>unix_dgram_poll</c>.</summary>
    internal override PollEvents Poll(PollTable? table)
    {
        table?.Add(ReadQueue);
        table?.Add(WriteQueue);
        var peer = _peer;
        // Who sends packets to somebody who does not send to it waits for room in that one's queue.
        var sharesReceiver = !IsConnectionBased && peer is not null && peer._peer != this;
        if (sharesReceiver)
            table?.Add(peer!.RoomQueue);
        var events = PollEvents.None;
        var shut = _shut;
        if (_error != Errno.None)
            events |= PollEvents.POLLERR;
        if (shut == Shut.Both || (IsConnectionBased && _state == ConnectionState.None))
            events |= PollEvents.POLLHUP;
        if ((shut & Shut.Receive) != 0)
            events |= PollEvents.POLLRDHUP | PollEvents.POLLIN | PollEvents.POLLRDNORM;
        if (HasSomething())
            events |= PollEvents.POLLIN | PollEvents.POLLRDNORM;
        if (_state != ConnectionState.Listening && IsWritable && !(sharesReceiver && peer!.IsFull))
            events |= PollEvents.POLLOUT | PollEvents.POLLWRNORM | PollEvents.POLLWRBAND;
        return events;
    }

    private bool HasSomething()
    {
        if (_state == ConnectionState.Listening)
        {
            lock (family.Lock)
                return _unaccepted.Count > 0;
        }
        lock (_lock)
            return _messages.Count > 0;
    }

    /// <summary>The sockets whose files are under way to this one, or to one that waits to be accepted here. For <see cref="FilesUnderWay"/>.</summary>
    internal void CollectFilesUnderWay(List<FileDescription> found)
    {
        UnixSocket[] unaccepted;
        lock (family.Lock)
            unaccepted = [.. _unaccepted];
        foreach (var socket in unaccepted)
            socket.CollectFilesUnderWay(found);
        lock (_lock)
        {
            foreach (var message in _messages)
                found.AddRange(message.Files ?? []);
        }
    }
}
