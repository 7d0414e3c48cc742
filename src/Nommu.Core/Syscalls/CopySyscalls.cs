using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Pipes;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>sendfile(2) and copy_file_range(2).</summary>
internal static class CopySyscalls
{
    internal static readonly FileCopy.PieceWriter WriteStream = ReadWriteSyscalls.Write;

    [Syscall(40, "sendfile")]
    internal static SyscallResult Sendfile(GuestThread thread, int outFd, int inFd, UserPtr<long> offset, nuint count)
    {
        long position = 0;
        if (!offset.IsNull && thread.Memory.Read(offset, out position) != Errno.None)
            return Errno.EFAULT;
        using var inUse = thread.Files.Get(inFd);
        using var outUse = thread.Files.Get(outFd);
        if (inUse.Opened is not { CanRead: true } from)
            return Errno.EBADF;
        var seekable = from.Seek(0, SeekWhence.SEEK_CUR);
        if (!offset.IsNull && !seekable.IsOk)
            return Errno.ESPIPE;
        if (outUse.Opened is not { CanWrite: true } to)
            return Errno.EBADF;
        // The input must be one that can be read again: bytes of a stream would be lost where the output takes fewer.
        if (position < 0 || !seekable.IsOk || (to is not PipeFile && (to.Flags & OpenFlags.O_APPEND) != 0))
            return Errno.EINVAL;
        if (offset.IsNull)
            position = seekable.Value;
        var target = FileCopy.NoPosition;
        var moved = FileCopy.FromFile(thread, from, ref position, to, ref target, (long)Math.Min(count, UserIovecs.MaximumCount), WriteStream);
        return Finish(thread, from, offset, position) is not Errno.None and var error ? error : moved;
    }

    [Syscall(326, "copy_file_range")]
    internal static SyscallResult CopyFileRange(GuestThread thread, int inFd, UserPtr<long> inOffset, int outFd, UserPtr<long> outOffset, nuint count, uint flags)
    {
        using var inUse = thread.Files.Get(inFd);
        using var outUse = thread.Files.Get(outFd);
        if (inUse.Opened is not { } from || outUse.Opened is not { } to)
            return Errno.EBADF;
        if (ReadPosition(thread, from, inOffset, out var position) is not Errno.None and var inError)
            return inError;
        if (ReadPosition(thread, to, outOffset, out var target) is not Errno.None and var outError)
            return outError;
        if (flags != 0)
            return Errno.EINVAL;
        var length = (long)Math.Min(count, UserIovecs.MaximumCount);
        if (CheckRange(from, position, to, target, ref length) is not Errno.None and var error)
            return error;
        var moved = FileCopy.FromFile(thread, from, ref position, to, ref target, length, WriteStream);
        if (Finish(thread, from, inOffset, position) is not Errno.None and var unwritten)
            return unwritten;
        return Finish(thread, to, outOffset, target) is not Errno.None and var last ? last : moved;
    }

    /// <summary>Linux: <c>generic_copy_file_checks</c>.</summary>
    private static Errno CheckRange(FileDescription from, long position, FileDescription to, long target, ref long length)
    {
        if (from.Inode is DirectoryInode || to.Inode is DirectoryInode)
            return Errno.EISDIR;
        if (from.Inode is not RegularInode || to.Inode is not RegularInode)
            return Errno.EINVAL;
        if (!from.CanRead || !to.CanWrite || (to.Flags & OpenFlags.O_APPEND) != 0)
            return Errno.EBADF;
        if (from.Inode.SuperBlock != to.Inode.SuperBlock)
            return Errno.EXDEV;
        if (position < 0 || target < 0)
            return Errno.EINVAL;
        if (length > long.MaxValue - position || length > long.MaxValue - target)
            return Errno.EOVERFLOW;
        length = Math.Clamp(from.Inode.Size - position, 0, length);
        return from.Inode == to.Inode && position < target + length && target < position + length ? Errno.EINVAL : Errno.None;
    }

    /// <summary>A position that the guest gave, or the file's own.</summary>
    internal static Errno ReadPosition(GuestThread thread, FileDescription file, UserPtr<long> pointer, out long position)
    {
        if (!pointer.IsNull)
            return thread.Memory.Read(pointer, out position);
        var own = file.Seek(0, SeekWhence.SEEK_CUR);
        position = own.Value;
        return Errno.None;
    }

    /// <summary>Tells where it has come to, the guest or the file.</summary>
    internal static Errno Finish(GuestThread thread, FileDescription file, UserPtr<long> pointer, long position)
    {
        if (!pointer.IsNull)
            return thread.Memory.Write(pointer, position);
        _ = file.Seek(position, SeekWhence.SEEK_SET);
        return Errno.None;
    }
}
