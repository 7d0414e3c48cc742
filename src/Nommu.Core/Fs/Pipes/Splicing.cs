using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Pipes;

/// <summary>Linux: <c>do_splice</c> and <c>do_tee</c>. Differs: pages are not handed over but copied, which a guest can't tell.</summary>
internal static class Splicing
{
    private static readonly FileCopy.PieceWriter WriteNow = static (_, to, ref from) => to.Write(ref from);

    /// <summary>Out of a pipe, into anything. It waits for the first byte alone.</summary>
    /// <param name="thread">Who waits.</param>
    /// <param name="from">A reading end.</param>
    /// <param name="to">Where it goes; for a pipe what fits now.</param>
    /// <param name="target">Where in it, which moves, or <see cref="FileCopy.NoPosition"/>.</param>
    /// <param name="count">At most.</param>
    /// <param name="nonblocking">EAGAIN rather than wait for the pipe.</param>
    /// <param name="write">How it is written to what is no pipe.</param>
    internal static Result<long> FromPipe(GuestThread thread, PipeFile from, FileDescription to, ref long target, long count, bool nonblocking, FileCopy.PieceWriter write)
    {
        if (to is PipeFile && WaitForRoom(thread, to, nonblocking) is not Errno.None and var full)
            return full;
        long done = 0;
        while (done < count)
        {
            var buffer = thread.CopyBuffer.AsSpan(0, (int)Math.Min(count - done, GuestThread.CopyBufferSize));
            var into = new IoVector(buffer);
            var read = done > 0 || nonblocking ? from.ReadAs(thread, ref into) : BlockingIo.Read(thread, from, ref into);
            if (!read.IsOk || read.Value == 0)
                return done > 0 ? done : read;
            var bytes = buffer[..(int)read.Value];
            var written = FileCopy.Write(thread, to, bytes, target, to is PipeFile ? WriteNow : write);
            if (written.Value < read.Value)
                from.Pipe.Unread(bytes[(int)written.Value..]);
            if (!written.IsOk)
                return done > 0 ? done : written;
            done += written.Value;
            if (target != FileCopy.NoPosition)
                target += written.Value;
            if (written.Value < read.Value)
                break;
        }
        return done;
    }

    /// <summary>Out of a file with positions, into a pipe: what fits, once something does.</summary>
    internal static Result<long> FromFile(GuestThread thread, FileDescription from, ref long position, PipeFile to, long count, bool nonblocking)
    {
        while (true)
        {
            var error = WaitForRoom(thread, to, nonblocking);
            if (error != Errno.None)
                return error;
            var target = FileCopy.NoPosition;
            var moved = FileCopy.FromFile(thread, from, ref position, to, ref target, count, WriteNow);
            if (moved.Error != Errno.EAGAIN || nonblocking)
                return moved;
        }
    }

    /// <summary>Out of a stream, into a pipe. What has been taken from the stream must go somewhere, so no more is taken than there is room for.</summary>
    internal static Result<long> FromStream(GuestThread thread, FileDescription from, PipeFile to, long count, bool nonblocking)
    {
        var error = WaitForRoom(thread, to, nonblocking);
        if (error != Errno.None)
            return error;
        var room = Math.Clamp(to.Pipe.FreeSpace, Pipe.PageSize, GuestThread.CopyBufferSize);
        var buffer = thread.CopyBuffer.AsSpan(0, (int)Math.Min(count, room));
        var into = new IoVector(buffer);
        var read = nonblocking ? from.ReadAs(thread, ref into) : BlockingIo.Read(thread, from, ref into);
        if (!read.IsOk || read.Value == 0)
            return read;
        var source = new IoVector((ReadOnlySpan<byte>)buffer[..(int)read.Value]);
        return BlockingIo.Write(thread, to, ref source);
    }

    /// <summary>tee(2): what the first pipe has, it keeps.</summary>
    internal static Result<long> Tee(GuestThread thread, PipeFile from, PipeFile to, long count, bool nonblocking)
    {
        while (true)
        {
            var error = WaitForRoom(thread, to, nonblocking);
            if (error != Errno.None)
                return error;
            var buffer = thread.CopyBuffer.AsSpan(0, (int)Math.Min(count, GuestThread.CopyBufferSize));
            var there = from.Pipe.Peek(buffer);
            if (there > 0)
                return FileCopy.Write(thread, to, buffer[..there], FileCopy.NoPosition, WriteNow);
            if (from.Pipe.Writers == 0)
                return 0;
            if (nonblocking)
                return Errno.EAGAIN;
            error = BlockingIo.WaitFor(thread, from, BlockingIo.Readable);
            if (error != Errno.None)
                return error;
        }
    }

    /// <summary>Linux: <c>wait_for_space</c>.</summary>
    /// <returns>EPIPE, EAGAIN, ERESTARTSYS.</returns>
    internal static Errno WaitForRoom(GuestThread thread, FileDescription pipe, bool nonblocking)
    {
        if (nonblocking && (pipe.Poll(null) & BlockingIo.Writable) == 0)
            return Errno.EAGAIN;
        var error = BlockingIo.WaitFor(thread, pipe, BlockingIo.Writable);
        return error == Errno.None && (pipe.Poll(null) & PollEvents.POLLERR) != 0 ? Errno.EPIPE : error;
    }
}
