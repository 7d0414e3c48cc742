using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Time;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>fcntl_setlk</c> and <c>flock_lock_inode_wait</c>: locks that a caller waits for.</summary>
internal static class FileLocking
{
    /// <summary>Sets a record lock.</summary>
    /// <returns>EAGAIN, or when waiting: EDEADLK between processes (open files are not looked after, as in Linux), ERESTARTSYS.</returns>
    internal static Errno SetRecord(GuestThread thread, FileDescription file, in FileLock wanted, bool wait)
    {
        var locks = file.Inode.FileLocks;
        var error = locks.SetRecord(wanted);
        if (error != Errno.EAGAIN || !wait)
            return error;
        var waits = wanted.Owner is FileDescriptorTable ? thread.Fs.FileSystem.RecordLockWaits : null;
        thread.PollTable.Add(locks.Released);
        try
        {
            while ((error = locks.SetRecord(wanted)) == Errno.EAGAIN)
            {
                if (waits?.TryAdd(locks, wanted) == false)
                    return Errno.EDEADLK;
                error = thread.Sleep(MonotonicClock.Never);
                waits?.Remove(locks, wanted);
                if (error != Errno.None)
                    return error;
            }
            return error;
        }
        finally
        {
            thread.PollTable.Clear();
        }
    }

    /// <summary>Locks a whole file.</summary>
    /// <returns>EAGAIN, or when waiting ERESTARTSYS.</returns>
    internal static Errno SetFlock(GuestThread thread, FileDescription file, bool exclusive, bool wait)
    {
        var locks = file.Inode.FileLocks;
        var error = locks.SetFlock(file, exclusive);
        if (error != Errno.EAGAIN || !wait)
            return error;
        thread.PollTable.Add(locks.Released);
        try
        {
            while ((error = locks.SetFlock(file, exclusive)) == Errno.EAGAIN)
            {
                error = thread.Sleep(MonotonicClock.Never);
                if (error != Errno.None)
                    return error;
            }
            return error;
        }
        finally
        {
            thread.PollTable.Clear();
        }
    }
}
