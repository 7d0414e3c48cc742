using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>flock(2), and the locking commands of fcntl(2).</summary>
internal static class LockSyscalls
{
    [Syscall(73, "flock")]
    internal static SyscallResult Flock(GuestThread thread, int fd, FlockOperation operation)
    {
        var kind = operation & ~FlockOperation.LOCK_NB;
        if (kind is not (FlockOperation.LOCK_SH or FlockOperation.LOCK_EX or FlockOperation.LOCK_UN))
            return Errno.EINVAL;
        using var use = thread.Files.Get(fd);
        if (use.Opened is not { } file)
            return Errno.EBADF;
        if (kind != FlockOperation.LOCK_UN)
            return FileLocking.SetFlock(thread, file, kind == FlockOperation.LOCK_EX, (operation & FlockOperation.LOCK_NB) == 0);
        if (file.Inode.HasFileLocks)
            file.Inode.FileLocks.ClearFlock(file);
        return Errno.None;
    }

    /// <summary>F_GETLK and F_OFD_GETLK.</summary>
    internal static Errno GetLock(GuestThread thread, FileDescription file, UserPtr<Flock> pointer, bool ofOpenFile)
    {
        if (thread.Memory.Read(pointer, out var given) != Errno.None)
            return Errno.EFAULT;
        if (given.Type is not (LockType.F_RDLCK or LockType.F_WRLCK) || (ofOpenFile && given.Pid != 0))
            return Errno.EINVAL;
        var wanted = ToLock(thread, file, given, ofOpenFile);
        if (!wanted.TryGet(out var asked))
            return wanted.Error;
        if ((file.Inode.HasFileLocks ? file.Inode.FileLocks.FindConflict(asked) : null) is { } held)
        {
            given.Type = held.Exclusive ? LockType.F_WRLCK : LockType.F_RDLCK;
            given.Whence = (short)SeekWhence.SEEK_SET;
            given.Start = held.Start;
            given.Length = held.End == long.MaxValue ? 0 : held.End - held.Start + 1;
            given.Pid = held.ProcessId;
        }
        else
            given.Type = LockType.F_UNLCK;
        return thread.Memory.Write(pointer, given);
    }

    /// <summary>F_SETLK, F_SETLKW and their open file kin.</summary>
    internal static Errno SetLock(GuestThread thread, int fd, FileDescription file, UserPtr<Flock> pointer, bool ofOpenFile, bool wait)
    {
        if (thread.Memory.Read(pointer, out var given) != Errno.None)
            return Errno.EFAULT;
        if (ofOpenFile && given.Pid != 0)
            return Errno.EINVAL;
        var converted = ToLock(thread, file, given, ofOpenFile);
        if (!converted.TryGet(out var wanted))
            return converted.Error;
        switch (given.Type)
        {
            case LockType.F_UNLCK:
                if (file.Inode.HasFileLocks)
                    file.Inode.FileLocks.ClearRecord(wanted.Owner, wanted.Start, wanted.End);
                return Errno.None;
            case LockType.F_RDLCK when !file.CanRead:
            case LockType.F_WRLCK when !file.CanWrite:
                return Errno.EBADF;
            case LockType.F_RDLCK:
            case LockType.F_WRLCK:
                break;
            default:
                return Errno.EINVAL;
        }
        var error = FileLocking.SetRecord(thread, file, wanted, wait);
        if (error != Errno.None || ofOpenFile)
            return error;
        // Another thread may have closed the descriptor meanwhile, and with it given up all locks but this one.
        using var again = thread.Files.Get(fd);
        if (again.File == file)
            return Errno.None;
        file.Inode.FileLocks.ClearRecord(wanted.Owner, wanted.Start, wanted.End);
        return Errno.EBADF;
    }

    /// <summary>Linux: <c>flock64_to_posix_lock</c>.</summary>
    private static Result<FileLock> ToLock(GuestThread thread, FileDescription file, in Flock given, bool ofOpenFile)
    {
        long origin;
        switch ((SeekWhence)given.Whence)
        {
            case SeekWhence.SEEK_SET:
                origin = 0;
                break;
            case SeekWhence.SEEK_CUR:
                origin = file is SeekableFile seekable ? seekable.Position : 0;
                break;
            case SeekWhence.SEEK_END:
                origin = file.Inode.Size;
                break;
            default:
                return Errno.EINVAL;
        }
        if (given.Start > long.MaxValue - origin)
            return Errno.EOVERFLOW;
        var start = origin + given.Start;
        if (start < 0 || (given.Length < 0 && start + given.Length < 0))
            return Errno.EINVAL;
        if (given.Length > 0 && given.Length - 1 > long.MaxValue - start)
            return Errno.EOVERFLOW;
        var end = given.Length == 0 ? long.MaxValue : given.Length > 0 ? start + given.Length - 1 : start - 1;
        if (given.Length < 0)
            start += given.Length;
        object owner = ofOpenFile ? file : thread.Files;
        return new FileLock(owner, ofOpenFile ? -1 : thread.Process.Id, start, end, given.Type == LockType.F_WRLCK);
    }
}
