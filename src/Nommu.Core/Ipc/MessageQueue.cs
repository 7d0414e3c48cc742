using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Ipc;

/// <summary>Linux: <c>struct msg_msg</c>.</summary>
internal sealed record Message(long Type, byte[] Body);

/// <summary>Linux: <c>struct msg_queue</c>.</summary>
internal sealed class MessageQueue(int key, int mode, Credentials creator, long now, int limit) : IpcObject(key, mode, creator, now)
{
    private readonly LinkedList<Message> _messages = [];

    internal long SendTime { get; private set; }

    internal long ReceiveTime { get; private set; }

    internal int SenderPid { get; private set; }

    internal int ReceiverPid { get; private set; }

    /// <summary>Bytes in it.</summary>
    internal ulong Bytes { get; private set; }

    /// <summary>Linux: <c>q_qbytes</c>: the most bytes in it, and the most messages.</summary>
    internal ulong Limit { get; set; } = (ulong)limit;

    internal IReadOnlyCollection<Message> Messages => _messages;

    /// <summary>Who waits for room, in the order in which they came.</summary>
    internal List<MessageSender> Senders { get; } = [];

    /// <summary>Who waits for a message.</summary>
    internal List<MessageReceiver> Receivers { get; } = [];

    internal MsqidDs Status => new()
    {
        Perm = Perm,
        SendTime = SendTime,
        ReceiveTime = ReceiveTime,
        ChangeTime = ChangeTime,
        Bytes = Bytes,
        Count = (ulong)_messages.Count,
        Limit = Limit,
        SenderPid = SenderPid,
        ReceiverPid = ReceiverPid,
    };

    /// <summary>Linux: <c>msg_fits_inqueue</c>.</summary>
    internal bool HasRoomFor(int size) => Bytes + (ulong)size <= Limit && (ulong)_messages.Count + 1 <= Limit;

    /// <summary>Takes a message: the first who waits for such a one gets it, else it joins the queue. Linux: <c>pipelined_send</c>.</summary>
    internal void Send(Message message, int pid, long now)
    {
        (SenderPid, SendTime) = (pid, now);
        for (var i = 0; i < Receivers.Count; i++)
        {
            var receiver = Receivers[i];
            if (!receiver.Selector.Matches(message))
                continue;
            Receivers.RemoveAt(i--);
            if (receiver.Offer(message))
            {
                (ReceiverPid, ReceiveTime) = (receiver.Thread.Process.Id, now);
                return;
            }
        }
        _messages.AddLast(message);
        Bytes += (ulong)message.Body.Length;
    }

    /// <summary>The message that is wanted; null where there is none.</summary>
    internal Message? Find(MessageSelector selector) => selector.Find(_messages);

    /// <summary>Takes a message out, and lets those send who waited for room.</summary>
    internal void Receive(Message message, int pid, long now)
    {
        _messages.Remove(message);
        Bytes -= (ulong)message.Body.Length;
        (ReceiverPid, ReceiveTime) = (pid, now);
        LetSend(now);
    }

    /// <summary>Linux: <c>ss_wakeup</c>. Differs: the messages of those who waited are put in at once, in their order.</summary>
    internal void LetSend(long now)
    {
        for (var i = 0; i < Senders.Count; i++)
        {
            var sender = Senders[i];
            if (!HasRoomFor(sender.Message.Body.Length))
                continue;
            Senders.RemoveAt(i--);
            Send(sender.Message, sender.Thread.Process.Id, now);
            sender.Finish(Errno.None);
        }
    }

    /// <summary>After IPC_SET: who may not any more is told so, and there may be room now.</summary>
    internal void WasChanged(long now)
    {
        EndThose(Senders, static (queue, thread) => !queue.Allows(thread.Credentials, ToWrite), Errno.EACCES);
        EndThose(Receivers, static (queue, thread) => !queue.Allows(thread.Credentials, ToRead), Errno.EACCES);
        LetSend(now);
    }

    /// <summary>The queue goes.</summary>
    internal void EndAllWaits()
    {
        EndThose(Senders, static (_, _) => true, Errno.EIDRM);
        EndThose(Receivers, static (_, _) => true, Errno.EIDRM);
    }

    private void EndThose<T>(List<T> waiters, Func<MessageQueue, GuestThread, bool> which, Errno result) where T : IpcWaiter
    {
        for (var i = 0; i < waiters.Count; i++)
        {
            var waiter = waiters[i];
            if (!which(this, waiter.Thread))
                continue;
            waiters.RemoveAt(i--);
            waiter.Finish(result);
        }
    }
}
