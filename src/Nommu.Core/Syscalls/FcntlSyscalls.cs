using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Pipes;
using Nommu.Core.Fs.Tmpfs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>fcntl(2). Leases on files, directory notification and write hints answer as a kernel that is built without them.</summary>
internal static class FcntlSyscalls
{
    private const OpenFlags Settable = OpenFlags.O_APPEND | OpenFlags.O_NONBLOCK | OpenFlags.O_ASYNC | OpenFlags.O_DIRECT | OpenFlags.O_NOATIME;

    [Syscall(72, "fcntl")]
    [return: ShownBy(nameof(TraceWriter.FcntlResult))]
    internal static SyscallResult Fcntl(GuestThread thread, int fd, FcntlCommand command, [ShownBy(nameof(TraceWriter.FcntlArgument))] ulong argument)
    {
        using var use = thread.Files.Get(fd);
        if (use.File is not { } file)
            return Errno.EBADF;
        switch (command)
        {
            case FcntlCommand.F_DUPFD or FcntlCommand.F_DUPFD_CLOEXEC:
                return Duplicate(thread, file, argument, command == FcntlCommand.F_DUPFD_CLOEXEC);
            case FcntlCommand.F_GETFD:
                return thread.Files.GetCloseOnExec(fd) ? (long)FdFlags.FD_CLOEXEC : 0;
            case FcntlCommand.F_SETFD:
                thread.Files.SetCloseOnExec(fd, ((FdFlags)argument & FdFlags.FD_CLOEXEC) != 0);
                return 0;
            case FcntlCommand.F_GETFL:
                return (long)file.Flags;
            default:
                return file.IsPathOnly ? Errno.EBADF : OnOpened(thread, fd, file, command, argument);
        }
    }

    private static SyscallResult OnOpened(GuestThread thread, int fd, FileDescription file, FcntlCommand command, ulong argument)
    {
        var flock = new UserPtr<Flock>(argument);
        return command switch
        {
            FcntlCommand.F_SETFL => SetFlags(thread, file, (OpenFlags)argument),
            FcntlCommand.F_GETLK => LockSyscalls.GetLock(thread, file, flock, ofOpenFile: false),
            FcntlCommand.F_OFD_GETLK => LockSyscalls.GetLock(thread, file, flock, ofOpenFile: true),
            FcntlCommand.F_SETLK or FcntlCommand.F_SETLKW => LockSyscalls.SetLock(thread, fd, file, flock, ofOpenFile: false, command == FcntlCommand.F_SETLKW),
            FcntlCommand.F_OFD_SETLK or FcntlCommand.F_OFD_SETLKW => LockSyscalls.SetLock(thread, fd, file, flock, ofOpenFile: true, command == FcntlCommand.F_OFD_SETLKW),
            FcntlCommand.F_SETPIPE_SZ => file is PipeFile pipe ? pipe.Pipe.SetCapacity((uint)argument, thread.Credentials.Euid == 0) : Errno.EBADF,
            FcntlCommand.F_GETPIPE_SZ => file is PipeFile pipe ? pipe.Pipe.Capacity : Errno.EBADF,
            FcntlCommand.F_ADD_SEALS => AddSeals(file, argument),
            FcntlCommand.F_GET_SEALS => file.Inode is TmpfsFile sealable ? (long)sealable.Seals : Errno.EINVAL,
            FcntlCommand.F_GETLEASE => (long)LockType.F_UNLCK,
            _ => Owner(thread, file, command, argument),
        };
    }

    private static SyscallResult Duplicate(GuestThread thread, FileDescription file, ulong minimum, bool closeOnExec) =>
        (uint)minimum >= (uint)thread.Files.Limit ? Errno.EINVAL : thread.Files.Add(file.Retain(), closeOnExec, (int)minimum);

    /// <summary>Linux: <c>setfl</c>.</summary>
    private static Errno SetFlags(GuestThread thread, FileDescription file, OpenFlags flags)
    {
        var changed = (flags ^ file.Flags) & Settable;
        if ((changed & ~flags & OpenFlags.O_APPEND) != 0 && file.Inode.IsAppendOnly)
            return Errno.EPERM;
        if ((changed & flags & OpenFlags.O_NOATIME) != 0 && !thread.FsCaller.Owns(file.Inode))
            return Errno.EPERM;
        if ((flags & OpenFlags.O_DIRECT) != 0 && file is not PipeFile && file.Inode is not RegularInode)
            return Errno.EINVAL;
        file.SetFlags(Settable, flags);
        if ((changed & OpenFlags.O_ASYNC) == 0)
            return Errno.None;
        if ((flags & OpenFlags.O_ASYNC) != 0 && file.CanPoll)
            file.Notification.Start();
        else
            file.ExistingNotification?.Stop();
        return Errno.None;
    }

    private static Errno AddSeals(FileDescription file, ulong seals)
    {
        if (file.Inode is not TmpfsFile sealable)
            return Errno.EINVAL;
        return file.CanWrite ? sealable.AddSeals((MemfdSeals)seals) : Errno.EPERM;
    }

    private static SyscallResult Owner(GuestThread thread, FileDescription file, FcntlCommand command, ulong argument)
    {
        var owner = file.ExistingNotification?.Owner ?? new FileOwner(FileOwnerType.F_OWNER_PID, 0);
        switch (command)
        {
            case FcntlCommand.F_GETOWN:
                // A group shows as its number negated; one below 4096 is no error, although libc takes it for one (fcntl(2), BUGS).
                return owner.Type == FileOwnerType.F_OWNER_PGRP ? -owner.Pid : owner.Pid;
            case FcntlCommand.F_SETOWN:
                var id = (int)argument;
                if (id == int.MinValue)
                    return Errno.EINVAL;
                return file.Notification.SetOwner(thread.Process.Tasks, new FileOwner(id < 0 ? FileOwnerType.F_OWNER_PGRP : FileOwnerType.F_OWNER_PID, Math.Abs(id)));
            case FcntlCommand.F_GETOWN_EX:
                return thread.Memory.Write(new UserPtr<FileOwner>(argument), owner);
            case FcntlCommand.F_SETOWN_EX:
                if (thread.Memory.Read(new UserPtr<FileOwner>(argument), out var given) != Errno.None)
                    return Errno.EFAULT;
                return (uint)given.Type > (uint)FileOwnerType.F_OWNER_PGRP ? Errno.EINVAL : file.Notification.SetOwner(thread.Process.Tasks, given);
            case FcntlCommand.F_GETSIG:
                return (long)(file.ExistingNotification?.Signal ?? default);
            case FcntlCommand.F_SETSIG:
                if (argument > 64)
                    return Errno.EINVAL;
                file.Notification.Signal = (Signal)argument;
                return 0;
            default:
                return Errno.EINVAL;
        }
    }
}
