using Nommu.Core.Abi;
using Nommu.Core.Ipc;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>msgget(2), msgsnd(2), msgrcv(2) and msgctl(2).</summary>
[SyscallFamily(SyscallClasses.Ipc)]
internal static class MessageQueueSyscalls
{
    [Syscall(68, "msgget")]
    internal static SyscallResult Msgget(GuestThread thread, int key, [ShownBy(nameof(TraceWriter.OctalMode))] int flags) => thread.Ipc.MessageQueues.Get(thread, key, flags);

    [Syscall(69, "msgsnd")]
    internal static SyscallResult Msgsnd(GuestThread thread, int id, UserPtr<long> message, ulong size, MsgFlags flags)
    {
        if (thread.Memory.Read(message, out var type) != Errno.None)
            return Errno.EFAULT;
        if (id < 0 || type < 1)
            return Errno.EINVAL;
        var queues = thread.Ipc.MessageQueues;
        var allocated = queues.Allocate(thread, size);
        if (!allocated.TryGet(out var body))
            return allocated.Error;
        var error = body.Length == 0 ? Errno.None : thread.Memory.Read(message.At(1).Address, body);
        if (error == Errno.None)
            error = queues.Send(thread, id, new Message(type, body), flags);
        if (error != Errno.None)
            queues.Free(thread, body);
        return error;
    }

    [Syscall(70, "msgrcv")]
    internal static SyscallResult Msgrcv(GuestThread thread, int id, UserPtr<long> message, long size, long type, MsgFlags flags)
    {
        if (id < 0 || size < 0)
            return Errno.EINVAL;
        var copies = (flags & MsgFlags.MSG_COPY) != 0;
        if (copies && (flags & (MsgFlags.MSG_EXCEPT | MsgFlags.IPC_NOWAIT)) != MsgFlags.IPC_NOWAIT)
            return Errno.EINVAL;
        var queues = thread.Ipc.MessageQueues;
        var received = queues.Receive(thread, id, size, new MessageSelector(type, flags));
        if (!received.TryGet(out var got))
            return received.Error;
        var length = (int)Math.Min(size, got.Body.Length);
        var error = thread.Memory.Write(message, got.Type);
        if (error == Errno.None && length > 0)
            error = thread.Memory.Write(message.At(1).Address, got.Body.AsSpan(0, length));
        if (!copies)
            queues.Free(thread, got.Body);
        return error == Errno.None ? length : error;
    }

    [Syscall(71, "msgctl")]
    internal static SyscallResult Msgctl(GuestThread thread, int id, MsgCommand command, ulong buffer)
    {
        if (id < 0)
            return Errno.EINVAL;
        var queues = thread.Ipc.MessageQueues;
        switch (command)
        {
            case MsgCommand.IPC_INFO or MsgCommand.MSG_INFO:
                var info = queues.Info(usage: command == MsgCommand.MSG_INFO);
                return thread.Memory.Write(new UserPtr<Msginfo>(buffer), info) == Errno.None ? queues.HighestIndex : Errno.EFAULT;
            case MsgCommand.IPC_STAT or MsgCommand.MSG_STAT or MsgCommand.MSG_STAT_ANY:
                var found = queues.Stat(thread.Credentials, id, command, out var status);
                return found.IsOk && thread.Memory.Write(new UserPtr<MsqidDs>(buffer), status) is not Errno.None and var error ? error : found;
            case MsgCommand.IPC_SET:
                return thread.Memory.Read(new UserPtr<MsqidDs>(buffer), out var wanted) == Errno.None ? queues.Set(thread, id, wanted) : Errno.EFAULT;
            case MsgCommand.IPC_RMID:
                return queues.Remove(thread, id);
            default:
                return Errno.EINVAL;
        }
    }
}
