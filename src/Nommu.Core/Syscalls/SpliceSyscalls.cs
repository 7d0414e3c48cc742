using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Pipes;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>splice(2), tee(2) and vmsplice(2).</summary>
internal static class SpliceSyscalls
{
    private const SpliceFlags Known = SpliceFlags.SPLICE_F_MOVE | SpliceFlags.SPLICE_F_NONBLOCK | SpliceFlags.SPLICE_F_MORE | SpliceFlags.SPLICE_F_GIFT;

    [Syscall(275, "splice")]
    internal static SyscallResult Splice(GuestThread thread, int inFd, UserPtr<long> inOffset, int outFd, UserPtr<long> outOffset, nuint count, SpliceFlags flags)
    {
        if (count == 0)
            return 0;
        if ((flags & ~Known) != 0)
            return Errno.EINVAL;
        using var inUse = thread.Files.Get(inFd);
        using var outUse = thread.Files.Get(outFd);
        if (inUse.Opened is not { CanRead: true } from || outUse.Opened is not { CanWrite: true } to)
            return Errno.EBADF;
        if ((from is PipeFile && !inOffset.IsNull) || (to is PipeFile && !outOffset.IsNull))
            return Errno.ESPIPE;
        var length = (long)Math.Min(count, UserIovecs.MaximumCount);
        var nonblocking = (flags & SpliceFlags.SPLICE_F_NONBLOCK) != 0 || to.IsNonblocking;
        var moved = (from, to) switch
        {
            (PipeFile source, _) => FromPipe(thread, source, to, outOffset, length, nonblocking),
            (_, PipeFile sink) => ToPipe(thread, from, inOffset, sink, length, nonblocking),
            _ => Errno.EINVAL,
        };
        if (moved.Error == Errno.EPIPE)
            thread.SendSignalToSelf(Signal.SIGPIPE);
        return moved;
    }

    [Syscall(276, "tee")]
    internal static SyscallResult Tee(GuestThread thread, int inFd, int outFd, nuint count, SpliceFlags flags)
    {
        if ((flags & ~Known) != 0)
            return Errno.EINVAL;
        if (count == 0)
            return 0;
        using var inUse = thread.Files.Get(inFd);
        using var outUse = thread.Files.Get(outFd);
        if (inUse.Opened is not { CanRead: true } from || outUse.Opened is not { CanWrite: true } to)
            return Errno.EBADF;
        if (from is not PipeFile source || to is not PipeFile sink || source.Pipe == sink.Pipe)
            return Errno.EINVAL;
        var nonblocking = (flags & SpliceFlags.SPLICE_F_NONBLOCK) != 0 || from.IsNonblocking || to.IsNonblocking;
        var moved = Splicing.Tee(thread, source, sink, (long)Math.Min(count, UserIovecs.MaximumCount), nonblocking);
        if (moved.Error == Errno.EPIPE)
            thread.SendSignalToSelf(Signal.SIGPIPE);
        return moved;
    }

    [Syscall(278, "vmsplice")]
    internal static SyscallResult Vmsplice(GuestThread thread, int fd, [ShownBy(nameof(TraceWriter.Vectors))] UserPtr<Iovec> vector, nuint count, SpliceFlags flags)
    {
        if ((flags & ~Known) != 0)
            return Errno.EINVAL;
        using var use = thread.Files.Get(fd);
        if (use.Opened is not PipeFile pipe)
            return Errno.EBADF;
        var error = UserIovecs.Read(thread, vector, (int)Math.Min(count, int.MaxValue), out var bytes);
        if (error != Errno.None || bytes.Remaining == 0)
            return error;
        var nonblocking = (flags & SpliceFlags.SPLICE_F_NONBLOCK) != 0 || pipe.IsNonblocking;
        if (!pipe.CanWrite)
            return nonblocking ? pipe.Read(ref bytes) : BlockingIo.Read(thread, pipe, ref bytes);
        error = Splicing.WaitForRoom(thread, pipe, nonblocking);
        if (error == Errno.EPIPE)
            thread.SendSignalToSelf(Signal.SIGPIPE);
        return error != Errno.None ? error : pipe.Write(ref bytes);
    }

    private static Result<long> FromPipe(GuestThread thread, PipeFile from, FileDescription to, UserPtr<long> offset, long count, bool nonblocking)
    {
        if (to is PipeFile sink && sink.Pipe == from.Pipe)
            return Errno.EINVAL;
        if (to is not PipeFile && (to.Flags & OpenFlags.O_APPEND) != 0)
            return Errno.EINVAL;
        var target = FileCopy.NoPosition;
        if (offset.IsNull)
            return Splicing.FromPipe(thread, from, to, ref target, count, nonblocking, CopySyscalls.WriteStream);
        if (thread.Memory.Read(offset, out target) != Errno.None)
            return Errno.EFAULT;
        if (target < 0 || !to.Seek(0, SeekWhence.SEEK_CUR).IsOk)
            return Errno.EINVAL;
        var moved = Splicing.FromPipe(thread, from, to, ref target, count, nonblocking, CopySyscalls.WriteStream);
        return moved.IsOk && thread.Memory.Write(offset, target) != Errno.None ? Errno.EFAULT : moved;
    }

    private static Result<long> ToPipe(GuestThread thread, FileDescription from, UserPtr<long> offset, PipeFile to, long count, bool nonblocking)
    {
        if (!from.Seek(0, SeekWhence.SEEK_CUR).IsOk)
            return offset.IsNull ? Splicing.FromStream(thread, from, to, count, nonblocking) : Errno.EINVAL;
        if (CopySyscalls.ReadPosition(thread, from, offset, out var position) != Errno.None)
            return Errno.EFAULT;
        if (position < 0)
            return Errno.EINVAL;
        var moved = Splicing.FromFile(thread, from, ref position, to, count, nonblocking);
        return moved.IsOk && CopySyscalls.Finish(thread, from, offset, position) != Errno.None ? Errno.EFAULT : moved;
    }
}
