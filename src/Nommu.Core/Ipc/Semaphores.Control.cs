using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Ipc;

/// <summary>semctl(2).</summary>
internal sealed partial class Semaphores
{
    /// <summary>Linux: SEMUSZ, the size of something that Linux has not had for long.</summary>
    private const int UndoSize = 20;

    /// <summary>IPC_INFO, and SEM_INFO, which shows what is in use in two places.</summary>
    internal Seminfo Info(bool usage)
    {
        lock (_lock)
        {
            return new()
            {
                Semmap = limits.Semaphores,
                Semmni = limits.Sets,
                Semmns = limits.Semaphores,
                Semmnu = limits.Semaphores,
                Semmsl = limits.SetSize,
                Semopm = limits.Operations,
                Semume = limits.Operations,
                Semusz = usage ? _sets.Count : UndoSize,
                Semvmx = IpcLimits.HighestValue,
                Semaem = usage ? _semaphores : IpcLimits.HighestValue,
            };
        }
    }

    /// <summary>The highest index in use; 0 where there is none.</summary>
    internal int HighestIndex
    {
        get
        {
            lock (_lock)
                return _sets.HighestIndex;
        }
    }

    /// <summary>IPC_STAT and, by index, SEM_STAT and SEM_STAT_ANY.</summary>
    /// <returns>The id, for an index; EINVAL, EACCES.</returns>
    internal Result<int> Stat(Credentials credentials, int id, SemCommand command, out SemidDs status)
    {
        status = default;
        lock (_lock)
        {
            var set = command == SemCommand.IPC_STAT ? _sets.Find(id) : _sets.At(id);
            if (set is null)
                return Errno.EINVAL;
            if (command != SemCommand.SEM_STAT_ANY && !set.Allows(credentials, IpcObject.ToRead))
                return Errno.EACCES;
            status = set.Status;
            return command == SemCommand.IPC_STAT ? 0 : set.Id;
        }
    }

    /// <summary>IPC_SET.</summary>
    /// <returns>EINVAL, EPERM.</returns>
    internal Errno Set(GuestThread thread, int id, in IpcPerm perm)
    {
        lock (_lock)
        {
            if (_sets.Find(id) is not { } set)
                return Errno.EINVAL;
            return set.IsOwnedBy(thread.Credentials) ? set.Change(perm, SystemVIpc.Now(thread.Clock)) : Errno.EPERM;
        }
    }

    /// <summary>IPC_RMID.</summary>
    /// <returns>EINVAL, EPERM.</returns>
    internal Errno Remove(GuestThread thread, int id)
    {
        lock (_lock)
        {
            if (_sets.Find(id) is not { } set)
                return Errno.EINVAL;
            if (!set.IsOwnedBy(thread.Credentials))
                return Errno.EPERM;
            Destroy(set, thread.Machine.Arena);
            return Errno.None;
        }
    }

    /// <summary>GETVAL, GETPID, GETNCNT and GETZCNT.</summary>
    /// <returns>EINVAL, EACCES.</returns>
    internal Result<int> GetOne(GuestThread thread, int id, int number, SemCommand command)
    {
        lock (_lock)
        {
            if (_sets.Find(id) is not { } set)
                return Errno.EINVAL;
            if (!set.Allows(thread.Credentials, IpcObject.ToRead))
                return Errno.EACCES;
            if ((uint)number >= (uint)set.Values.Length)
                return Errno.EINVAL;
            return command switch
            {
                SemCommand.GETVAL => set.Values[number].Value,
                SemCommand.GETPID => set.Values[number].Pid,
                _ => set.CountWaiters(number, forZero: command == SemCommand.GETZCNT),
            };
        }
    }

    /// <summary>SETVAL.</summary>
    /// <returns>ERANGE, EINVAL, EACCES.</returns>
    internal Errno SetOne(GuestThread thread, int id, int number, int value)
    {
        if (value is < 0 or > IpcLimits.HighestValue)
            return Errno.ERANGE;
        lock (_lock)
        {
            if (_sets.Find(id) is not { } set || (uint)number >= (uint)set.Values.Length)
                return Errno.EINVAL;
            if (!set.Allows(thread.Credentials, IpcObject.ToWrite))
                return Errno.EACCES;
            set.Assign(number, value, thread.Process.Id);
            WereSet(thread, set);
            return Errno.None;
        }
    }

    /// <summary>GETALL.</summary>
    /// <returns>The values; EINVAL, EACCES.</returns>
    internal Result<ushort[]> GetAll(GuestThread thread, int id)
    {
        lock (_lock)
        {
            if (_sets.Find(id) is not { } set)
                return Errno.EINVAL;
            if (!set.Allows(thread.Credentials, IpcObject.ToRead))
                return Errno.EACCES;
            var all = new ushort[set.Values.Length];
            for (var i = 0; i < all.Length; i++)
                all[i] = (ushort)set.Values[i].Value;
            return all;
        }
    }

    /// <summary>How many values SETALL reads.</summary>
    /// <returns>EINVAL, EACCES.</returns>
    internal Result<int> CountForSetting(GuestThread thread, int id)
    {
        lock (_lock)
        {
            if (_sets.Find(id) is not { } set)
                return Errno.EINVAL;
            return set.Allows(thread.Credentials, IpcObject.ToWrite) ? set.Values.Length : Errno.EACCES;
        }
    }

    /// <summary>SETALL.</summary>
    /// <returns>ERANGE; EIDRM where the set has gone since it was counted.</returns>
    internal Errno SetAll(GuestThread thread, int id, ReadOnlySpan<ushort> values)
    {
        foreach (var value in values)
        {
            if (value > IpcLimits.HighestValue)
                return Errno.ERANGE;
        }
        lock (_lock)
        {
            if (_sets.Find(id) is not { } set)
                return Errno.EIDRM;
            for (var i = 0; i < values.Length; i++)
                set.Assign(i, values[i], thread.Process.Id);
            WereSet(thread, set);
            return Errno.None;
        }
    }

    /// <summary>All there are, by index, for /proc/sysvipc/sem.</summary>
    internal List<(int Id, SemidDs Status)> Snapshot()
    {
        var all = new List<(int, SemidDs)>();
        lock (_lock)
        {
            for (var index = 0; index <= _sets.HighestIndex; index++)
            {
                if (_sets.At(index) is { } set)
                    all.Add((set.Id, set.Status));
            }
        }
        return all;
    }

    private static void WereSet(GuestThread thread, SemaphoreSet set)
    {
        set.ChangeTime = SystemVIpc.Now(thread.Clock);
        if (set.LetThrough())
            set.OperationTime = set.ChangeTime;
    }
}
