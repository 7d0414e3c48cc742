using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>read(2), write(2), pread(2), pwrite(2), readv(2), writev(2) and lseek(2).</summary>
internal static class ReadWriteSyscalls
{
    private const int RWF_HIPRI = 1, RWF_DSYNC = 2, RWF_SYNC = 4;

    [Syscall(0, "read")]
    internal static SyscallResult Read(GuestThread thread, int fd, [Out, Elements(nameof(count))] UserPtr<byte> buffer, nuint count)
    {
        using var use = thread.Files.Get(fd);
        if (use.File is not { } file)
            return Errno.EBADF;
        if (count > long.MaxValue)
            return Errno.EFAULT;
        var to = UserIovecs.Single(thread, buffer, count);
        return BlockingIo.Read(thread, file, ref to);
    }

    [Syscall(1, "write")]
    internal static SyscallResult Write(GuestThread thread, int fd, [Elements(nameof(count))] UserPtr<byte> buffer, nuint count)
    {
        using var use = thread.Files.Get(fd);
        if (use.File is not { } file)
            return Errno.EBADF;
        if (count > long.MaxValue)
            return Errno.EFAULT;
        var from = UserIovecs.Single(thread, buffer, count);
        return Write(thread, file, ref from);
    }

    [Syscall(17, "pread64")]
    internal static SyscallResult Pread64(GuestThread thread, int fd, [Out, Elements(nameof(count))] UserPtr<byte> buffer, nuint count, long position)
    {
        if (position < 0)
            return Errno.EINVAL;
        using var use = thread.Files.Get(fd);
        if (use.File is not { } file)
            return Errno.EBADF;
        var to = UserIovecs.Single(thread, buffer, count);
        return ReadAt(file, ref to, position);
    }

    [Syscall(18, "pwrite64")]
    internal static SyscallResult Pwrite64(GuestThread thread, int fd, [Elements(nameof(count))] UserPtr<byte> buffer, nuint count, long position)
    {
        if (position < 0)
            return Errno.EINVAL;
        using var use = thread.Files.Get(fd);
        if (use.File is not { } file)
            return Errno.EBADF;
        var from = UserIovecs.Single(thread, buffer, count);
        return WriteAt(thread, file, ref from, position);
    }

    [Syscall(19, "readv")]
    internal static SyscallResult Readv(GuestThread thread, int fd, [Out, ShownBy(nameof(TraceWriter.FilledVectors))] UserPtr<Iovec> vector, int count)
    {
        using var use = thread.Files.Get(fd);
        if (use.File is not { } file)
            return Errno.EBADF;
        var error = UserIovecs.Read(thread, vector, count, out var to);
        return error != Errno.None ? error : BlockingIo.Read(thread, file, ref to);
    }

    [Syscall(20, "writev")]
    internal static SyscallResult Writev(GuestThread thread, int fd, [ShownBy(nameof(TraceWriter.Vectors))] UserPtr<Iovec> vector, int count)
    {
        using var use = thread.Files.Get(fd);
        if (use.File is not { } file)
            return Errno.EBADF;
        var error = UserIovecs.Read(thread, vector, count, out var from);
        return error != Errno.None ? error : Write(thread, file, ref from);
    }

    [Syscall(295, "preadv")]
    internal static SyscallResult Preadv(GuestThread thread, int fd, [Out, ShownBy(nameof(TraceWriter.FilledVectors))] UserPtr<Iovec> vector, int count, long position) =>
        position < 0 ? Errno.EINVAL : Preadv2(thread, fd, vector, count, position, 0, 0);

    [Syscall(296, "pwritev")]
    internal static SyscallResult Pwritev(GuestThread thread, int fd, [ShownBy(nameof(TraceWriter.Vectors))] UserPtr<Iovec> vector, int count, long position) =>
        position < 0 ? Errno.EINVAL : Pwritev2(thread, fd, vector, count, position, 0, 0);

    [Syscall(327, "preadv2")]
    internal static SyscallResult Preadv2(GuestThread thread, int fd, [Out, ShownBy(nameof(TraceWriter.FilledVectors))] UserPtr<Iovec> vector, int count, long position, ulong positionHigh, [ShownAs(typeof(ReadWriteFlags))] int flags)
    {
        _ = positionHigh;
        if (position < -1)
            return Errno.EINVAL;
        using var use = thread.Files.Get(fd);
        if (use.File is not { } file)
            return Errno.EBADF;
        if ((flags & ~RWF_HIPRI) != 0)
            return Errno.EOPNOTSUPP;
        var error = UserIovecs.Read(thread, vector, count, out var to);
        if (error != Errno.None)
            return error;
        return position == -1 ? BlockingIo.Read(thread, file, ref to) : ReadAt(file, ref to, position);
    }

    [Syscall(328, "pwritev2")]
    internal static SyscallResult Pwritev2(GuestThread thread, int fd, [ShownBy(nameof(TraceWriter.Vectors))] UserPtr<Iovec> vector, int count, long position, ulong positionHigh, [ShownAs(typeof(ReadWriteFlags))] int flags)
    {
        _ = positionHigh;
        if (position < -1)
            return Errno.EINVAL;
        using var use = thread.Files.Get(fd);
        if (use.File is not { } file)
            return Errno.EBADF;
        // All content is in memory, so RWF_SYNC and RWF_DSYNC are kept by every write.
        if ((flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC)) != 0)
            return Errno.EOPNOTSUPP;
        var error = UserIovecs.Read(thread, vector, count, out var from);
        if (error != Errno.None)
            return error;
        return position == -1 ? Write(thread, file, ref from) : WriteAt(thread, file, ref from, position);
    }

    [Syscall(8, "lseek")]
    internal static SyscallResult Lseek(GuestThread thread, int fd, long offset, SeekWhence whence)
    {
        using var use = thread.Files.Get(fd);
        if (use.Opened is not { } file)
            return Errno.EBADF;
        return (uint)whence > (uint)SeekWhence.SEEK_HOLE ? Errno.EINVAL : file.Seek(offset, whence);
    }

    internal static Result<long> Write(GuestThread thread, FileDescription file, ref IoVector from)
    {
        if (FileSizeLimit.Limit(thread, file, ref from, -1) is not Errno.None and var tooLarge)
            return tooLarge;
        var result = BlockingIo.Write(thread, file, ref from);
        if (result.Error == Errno.EPIPE && file.WritesInParts)
            thread.SendSignalToSelf(Signal.SIGPIPE);
        else if (result.Value > 0 && file.Inode is RegularInode)
            AttributeOperations.DropPrivileges(thread.FsCaller, file.Inode);
        return result;
    }

    private static Result<long> ReadAt(FileDescription file, ref IoVector to, long position) => file.CanRead ? file.ReadAt(ref to, position) : Errno.EBADF;

    private static Result<long> WriteAt(GuestThread thread, FileDescription file, ref IoVector from, long position)
    {
        if (!file.CanWrite)
            return Errno.EBADF;
        if (FileSizeLimit.Limit(thread, file, ref from, position) is not Errno.None and var tooLarge)
            return tooLarge;
        var result = file.WriteAt(ref from, position);
        if (result.Value > 0 && file.Inode is RegularInode)
            AttributeOperations.DropPrivileges(thread.FsCaller, file.Inode);
        return result;
    }
}
