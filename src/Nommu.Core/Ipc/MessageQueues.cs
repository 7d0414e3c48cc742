using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Time;

namespace Nommu.Core.Ipc;

/// <summary>Linux: ipc/msg.c. System V's message queues: making them, sending and receiving.</summary>
internal sealed partial class MessageQueues(IpcLimits limits)
{
    /// <summary>Of a message beside its body, in the machine's memory.</summary>
    private const int HeaderSize = 48;

    private readonly Lock _lock = new();
    private readonly IpcTable<MessageQueue> _queues = new();
    private long _charged;

    /// <summary>msgget(2).</summary>
    /// <returns>The id; ENOENT, EEXIST, EACCES, ENOSPC.</returns>
    internal Result<int> Get(GuestThread thread, int key, int flags)
    {
        lock (_lock)
        {
            var error = _queues.Look(key, (IpcFlags)flags, out var found);
            if (error != Errno.None)
                return error;
            if (found is not null)
                return found.Allows(thread.Credentials, flags) ? found.Id : Errno.EACCES;
            if (_queues.Count >= limits.Queues)
                return Errno.ENOSPC;
            var queue = new MessageQueue(key, flags, thread.Credentials, SystemVIpc.Now(thread.Clock), limits.QueueSize);
            _queues.Add(queue);
            return queue.Id;
        }
    }

    /// <summary>Room in the machine's memory for a message that is about to be read.</summary>
    /// <returns>EINVAL for what is too long, ENOMEM.</returns>
    internal Result<byte[]> Allocate(GuestThread thread, ulong size)
    {
        if (size > (ulong)limits.MessageSize)
            return Errno.EINVAL;
        if (size > (ulong)Array.MaxLength || !TryCharge(thread.Machine.Arena, (int)size))
            return Errno.ENOMEM;
        return new byte[size];
    }

    /// <summary>A message is no more.</summary>
    internal void Free(GuestThread thread, byte[] body)
    {
        lock (_lock)
            FreeLocked(thread.Machine.Arena, body);
    }

    /// <summary>msgsnd(2).</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="id">A queue.</param>
    /// <param name="message">From <see cref="Allocate"/>; the queue's where there is no error.</param>
    /// <param name="flags">IPC_NOWAIT.</param>
    /// <returns>EINVAL, EACCES, EAGAIN, EIDRM, ERESTARTNOHAND.</returns>
    internal Errno Send(GuestThread thread, int id, Message message, MsgFlags flags)
    {
        MessageSender sender;
        lock (_lock)
        {
            if (_queues.Find(id) is not { } queue)
                return Errno.EINVAL;
            if (!queue.Allows(thread.Credentials, IpcObject.ToWrite))
                return Errno.EACCES;
            if (queue.HasRoomFor(message.Body.Length))
            {
                queue.Send(message, thread.Process.Id, SystemVIpc.Now(thread.Clock));
                return Errno.None;
            }
            if ((flags & MsgFlags.IPC_NOWAIT) != 0)
                return Errno.EAGAIN;
            sender = new MessageSender(thread, queue, message);
            queue.Senders.Add(sender);
        }
        return Answer(sender.Wait(_lock, MonotonicClock.Never));
    }

    /// <summary>msgrcv(2).</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="id">A queue.</param>
    /// <param name="size">The most bytes of a body.</param>
    /// <param name="selector">Which message.</param>
    /// <returns>A message, which is to be freed unless it was copied; EINVAL, EACCES, E2BIG, ENOMSG, EIDRM, ERESTARTNOHAND.</returns>
    internal Result<Message> Receive(GuestThread thread, int id, long size, MessageSelector selector)
    {
        MessageReceiver receiver;
        lock (_lock)
        {
            if (_queues.Find(id) is not { } queue)
                return Errno.EINVAL;
            if (!queue.Allows(thread.Credentials, IpcObject.ToRead))
                return Errno.EACCES;
            if (queue.Find(selector) is { } message)
                return Take(thread, queue, message, size, selector.Flags);
            if ((selector.Flags & MsgFlags.IPC_NOWAIT) != 0)
                return Errno.ENOMSG;
            receiver = new MessageReceiver(thread, queue, selector, size);
            queue.Receivers.Add(receiver);
        }
        var error = receiver.Wait(_lock, MonotonicClock.Never);
        return error == Errno.None ? receiver.Message! : Answer(error);
    }

    private static Result<Message> Take(GuestThread thread, MessageQueue queue, Message message, long size, MsgFlags flags)
    {
        if (message.Body.Length > size && (flags & MsgFlags.MSG_NOERROR) == 0)
            return Errno.E2BIG;
        if ((flags & MsgFlags.MSG_COPY) == 0)
            queue.Receive(message, thread.Process.Id, SystemVIpc.Now(thread.Clock));
        else if (message.Body.Length > size)
            return Errno.EINVAL; // a copy is never cut off
        return message;
    }

    /// <summary>What waits is made again only where no handler has run (signal(7) has it otherwise, but Linux does so).</summary>
    private static Errno Answer(Errno waited) => waited == Errno.ERESTARTSYS ? Errno.ERESTARTNOHAND : waited;

    /// <summary>The namespace ends.</summary>
    internal void RemoveAll(Arena arena)
    {
        lock (_lock)
        {
            foreach (var queue in _queues.ToArray())
                Destroy(queue, arena);
        }
    }

    private void Destroy(MessageQueue queue, Arena arena)
    {
        _queues.Remove(queue);
        queue.EndAllWaits();
        foreach (var message in queue.Messages)
            FreeLocked(arena, message.Body);
    }

    /// <summary>Counts bytes, and charges pages as they fill.</summary>
    private bool TryCharge(Arena arena, int size)
    {
        lock (_lock)
        {
            var pages = Pages(_charged + HeaderSize + size) - Pages(_charged);
            if (pages != 0 && !arena.TryCharge(pages))
                return false;
            _charged += HeaderSize + size;
            return true;
        }
    }

    private void FreeLocked(Arena arena, byte[] body)
    {
        var before = Pages(_charged);
        _charged -= HeaderSize + body.Length;
        if (before != Pages(_charged))
            arena.Uncharge(before - Pages(_charged));
    }

    private static long Pages(long bytes) => (long)(Arena.PageUp((ulong)bytes) / Arena.PageSize);
}
