using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>ioctl(2): the requests that every file knows are answered here (Linux: <c>do_vfs_ioctl</c>), the rest by the file.</summary>
internal static class IoctlSyscalls
{
    [Syscall(16, "ioctl")]
    internal static SyscallResult Ioctl(GuestThread thread, int fd, [ShownAs(typeof(IoctlNumber))] uint request, [Out, ShownBy(nameof(TraceWriter.IoctlArgument))] ulong argument)
    {
        using var use = thread.Files.Get(fd);
        if (use.Opened is not { } file)
            return Errno.EBADF;
        switch ((IoctlNumber)request)
        {
            case IoctlNumber.FIOCLEX:
                thread.Files.SetCloseOnExec(fd, true);
                return Errno.None;
            case IoctlNumber.FIONCLEX:
                thread.Files.SetCloseOnExec(fd, false);
                return Errno.None;
            case IoctlNumber.FIONBIO:
                return SetNonblocking(thread, file, argument);
            case IoctlNumber.FIOASYNC:
                return SetAsynchronous(thread, file, argument);
            case IoctlNumber.FIOQSIZE:
                return file.Inode is RegularInode or DirectoryInode or SymlinkInode ? thread.Memory.Write(new UserPtr<long>(argument), file.Inode.Size) : Errno.ENOTTY;
            case IoctlNumber.FIGETBSZ:
                return file.Inode is RegularInode or DirectoryInode ? thread.Memory.Write(new UserPtr<int>(argument), file.Inode.BlockSize) : Errno.ENOTTY;
            case IoctlNumber.FS_IOC_GETFLAGS when file.Inode is RegularInode or DirectoryInode:
                return InodeFlagOperations.Get(thread, file.Inode, argument);
            case IoctlNumber.FS_IOC_SETFLAGS when file.Inode is RegularInode or DirectoryInode:
                return InodeFlagOperations.Set(thread, file.Path, argument);
            case IoctlNumber.FIONREAD when file.Inode is RegularInode:
                return FileRest(thread, file, argument);
            default:
                return file.Ioctl(new IoctlRequest { Request = request, Argument = argument, Memory = thread.Memory, Thread = thread });
        }
    }

    private static SyscallResult SetNonblocking(GuestThread thread, FileDescription file, ulong argument)
    {
        if (thread.Memory.Read(new UserPtr<int>(argument), out var on) != Errno.None)
            return Errno.EFAULT;
        file.SetFlags(OpenFlags.O_NONBLOCK, on != 0 ? OpenFlags.O_NONBLOCK : OpenFlags.O_RDONLY);
        return Errno.None;
    }

    /// <summary>No file here sends SIGIO, so that what has it off may have it off, as on Linux for a file without <c>fasync</c>.</summary>
    private static SyscallResult SetAsynchronous(GuestThread thread, FileDescription file, ulong argument)
    {
        if (thread.Memory.Read(new UserPtr<int>(argument), out var on) != Errno.None)
            return Errno.EFAULT;
        return (on != 0) == ((file.Flags & OpenFlags.O_ASYNC) != 0) ? Errno.None : Errno.ENOTTY;
    }

    private static SyscallResult FileRest(GuestThread thread, FileDescription file, ulong argument)
    {
        var position = file.Seek(0, SeekWhence.SEEK_CUR);
        return position.TryGet(out var at) ? thread.Memory.Write(new UserPtr<int>(argument), (int)(file.Inode.Size - at)) : position.Error;
    }
}
