using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Ipc;

/// <summary>msgctl(2).</summary>
internal sealed partial class MessageQueues
{
    /// <summary>Linux: MSGPOOL, MSGSSZ and MSGSEG, of which nothing has made use for long.</summary>
    private const int PoolKilobytes = 32000 * 16384 / 1024, SegmentSize = 16, SegmentCount = 0xFFFF, DefaultQueueSize = 16384;

    /// <summary>IPC_INFO, and MSG_INFO, which shows what is in use in three places.</summary>
    internal Msginfo Info(bool usage)
    {
        lock (_lock)
        {
            var (count, bytes) = usage ? Total() : default;
            return new()
            {
                Msgpool = usage ? _queues.Count : PoolKilobytes,
                Msgmap = usage ? count : DefaultQueueSize,
                Msgmax = limits.MessageSize,
                Msgmnb = limits.QueueSize,
                Msgmni = limits.Queues,
                Msgssz = SegmentSize,
                Msgtql = usage ? bytes : DefaultQueueSize,
                Msgseg = SegmentCount,
            };
        }
    }

    /// <summary>The highest index in use; 0 where there is none.</summary>
    internal int HighestIndex
    {
        get
        {
            lock (_lock)
                return _queues.HighestIndex;
        }
    }

    /// <summary>IPC_STAT and, by index, MSG_STAT and MSG_STAT_ANY.</summary>
    /// <returns>The id, for an index; EINVAL, EACCES.</returns>
    internal Result<int> Stat(Credentials credentials, int id, MsgCommand command, out MsqidDs status)
    {
        status = default;
        lock (_lock)
        {
            var queue = command == MsgCommand.IPC_STAT ? _queues.Find(id) : _queues.At(id);
            if (queue is null)
                return Errno.EINVAL;
            if (command != MsgCommand.MSG_STAT_ANY && !queue.Allows(credentials, IpcObject.ToRead))
                return Errno.EACCES;
            status = queue.Status;
            return command == MsgCommand.IPC_STAT ? 0 : queue.Id;
        }
    }

    /// <summary>IPC_SET.</summary>
    /// <returns>EINVAL; EPERM, also for a limit above msgmnb that is not root's to set.</returns>
    internal Errno Set(GuestThread thread, int id, in MsqidDs wanted)
    {
        lock (_lock)
        {
            if (_queues.Find(id) is not { } queue)
                return Errno.EINVAL;
            if (!queue.IsOwnedBy(thread.Credentials) || (wanted.Limit > (ulong)limits.QueueSize && !thread.Credentials.Has(Capability.CAP_SYS_RESOURCE)))
                return Errno.EPERM;
            var now = SystemVIpc.Now(thread.Clock);
            var error = queue.Change(wanted.Perm, now);
            if (error != Errno.None)
                return error;
            queue.Limit = wanted.Limit;
            queue.WasChanged(now);
            return Errno.None;
        }
    }

    /// <summary>IPC_RMID.</summary>
    /// <returns>EINVAL, EPERM.</returns>
    internal Errno Remove(GuestThread thread, int id)
    {
        lock (_lock)
        {
            if (_queues.Find(id) is not { } queue)
                return Errno.EINVAL;
            if (!queue.IsOwnedBy(thread.Credentials))
                return Errno.EPERM;
            Destroy(queue, thread.Machine.Arena);
            return Errno.None;
        }
    }

    /// <summary>All there are, by index, for /proc/sysvipc/msg.</summary>
    internal List<(int Id, MsqidDs Status)> Snapshot()
    {
        var all = new List<(int, MsqidDs)>();
        lock (_lock)
        {
            for (var index = 0; index <= _queues.HighestIndex; index++)
            {
                if (_queues.At(index) is { } queue)
                    all.Add((queue.Id, queue.Status));
            }
        }
        return all;
    }

    private (int Count, int Bytes) Total()
    {
        var (count, bytes) = (0, 0L);
        for (var index = 0; index <= _queues.HighestIndex; index++)
        {
            if (_queues.At(index) is not { } queue)
                continue;
            count += queue.Messages.Count;
            bytes += (long)queue.Bytes;
        }
        return (count, (int)Math.Min(bytes, int.MaxValue));
    }
}
