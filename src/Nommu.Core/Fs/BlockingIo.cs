using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Time;

namespace Nommu.Core.Fs;

/// <summary>Turns the non-blocking operations of a <see cref="FileDescription"/> into what read(2) and write(2) promise: sleeps until something can be moved, unless the file is non-blocking.</summary>
internal static class BlockingIo
{
    internal const PollEvents Readable = PollEvents.POLLIN | PollEvents.POLLRDNORM | PollEvents.POLLHUP | PollEvents.POLLERR | PollEvents.POLLRDHUP;
    internal const PollEvents Writable = PollEvents.POLLOUT | PollEvents.POLLWRNORM | PollEvents.POLLHUP | PollEvents.POLLERR;

    internal static Result<long> Read(GuestThread thread, FileDescription file, ref IoVector to)
    {
        if (!file.CanRead)
            return Errno.EBADF;
        var refused = file.CheckRead(thread);
        if (refused != Errno.None)
            return refused;
        var result = file.ReadAs(thread, ref to);
        return result.Error == Errno.EAGAIN && !file.IsNonblocking ? ReadWaiting(thread, file, ref to) : result;
    }

    internal static Result<long> Write(GuestThread thread, FileDescription file, ref IoVector from)
    {
        if (!file.CanWrite)
            return Errno.EBADF;
        var refused = file.CheckWrite(thread);
        if (refused != Errno.None)
            return refused;
        var total = from.Remaining;
        var result = file.WriteAs(thread, ref from);
        if (file.IsNonblocking || !(result.Error == Errno.EAGAIN || (file.WritesInParts && result.IsOk && result.Value < total && !from.Faulted)))
            return result;
        return WriteWaiting(thread, file, ref from, result.Value);
    }

    /// <summary>Sleeps until a file reports one of some events.</summary>
    /// <returns>ERESTARTSYS.</returns>
    internal static Errno WaitFor(GuestThread thread, FileDescription file, PollEvents events)
    {
        if ((file.PollAs(thread, null) & events) != 0)
            return Errno.None;
        try
        {
            var ready = file.PollAs(thread, thread.PollTable);
            while ((ready & events) == 0)
            {
                var error = thread.Sleep(MonotonicClock.Never, takesTurns: true);
                if (error != Errno.None)
                    return error;
                ready = file.PollAs(thread, null);
            }
            return Errno.None;
        }
        finally
        {
            thread.PollTable.Clear();
        }
    }

    private static Result<long> ReadWaiting(GuestThread thread, FileDescription file, ref IoVector to)
    {
        var table = thread.PollTable;
        try
        {
            file.PollAs(thread, table);
            var deadline = Deadline(thread, file.ReadTimeout);
            var error = Errno.None;
            while (true)
            {
                var result = file.ReadAs(thread, ref to);
                if (result.Error != Errno.EAGAIN)
                    return result;
                if (error != Errno.None)
                {
                    file.Interrupt();
                    return error;
                }
                // What came together with a signal is still read.
                error = Sleep(thread, deadline);
            }
        }
        finally
        {
            table.Clear();
        }
    }

    /// <summary>Goes on until all is written: a partial count is answered only when a signal or an error comes between (pipe(7)).</summary>
    private static Result<long> WriteWaiting(GuestThread thread, FileDescription file, ref IoVector from, long done)
    {
        var table = thread.PollTable;
        try
        {
            file.PollAs(thread, table);
            var deadline = Deadline(thread, file.WriteTimeout);
            var error = Errno.None;
            while (true)
            {
                var result = file.WriteAs(thread, ref from);
                if (result.IsOk)
                    done += result.Value;
                else if (result.Error != Errno.EAGAIN)
                    return done > 0 ? done : result;
                if (result.IsOk && (!file.WritesInParts || from.Remaining == 0 || from.Faulted))
                    return done;
                if (result.IsOk && thread.IsSignalPending)
                    return done;
                if (result.IsOk)
                    continue;
                if (error != Errno.None)
                {
                    file.Interrupt();
                    return done > 0 ? done : error;
                }
                error = Sleep(thread, deadline);
            }
        }
        finally
        {
            table.Clear();
        }
    }

    private static long Deadline(GuestThread thread, long timeout) => timeout == MonotonicClock.Never ? timeout : MonotonicClock.After(thread.Fs.FileSystem.Clock, timeout);

    /// <summary>Who waits for a time only is not restarted by a signal (signal(7)).</summary>
    private static Errno Sleep(GuestThread thread, long deadline) => thread.Sleep(deadline) switch
    {
        Errno.ETIMEDOUT => Errno.EAGAIN,
        Errno.ERESTARTSYS when deadline != MonotonicClock.Never => Errno.EINTR,
        var error => error,
    };
}
