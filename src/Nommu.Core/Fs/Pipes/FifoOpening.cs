using Nommu.Core.Abi;
using Nommu.Core.Time;

namespace Nommu.Core.Fs.Pipes;

/// <summary>Linux: <c>fifo_open</c> (fifo(7)): an end waits until the other has been opened, too.</summary>
internal static class FifoOpening
{
    internal static Result<FileDescription> Open(SpecialInode inode, in OpenRequest request)
    {
        if (!request.CanRead && !request.CanWrite)
            return Errno.EINVAL;
        var pipe = inode.OpenPipe(request.CanRead, request.CanWrite, out var partners);
        var error = Errno.None;
        // A pipe opened anew through /proc/PID/fd waits for nobody.
        if (request.CanRead != request.CanWrite && inode.SuperBlock is not AnonymousInodes)
            error = WaitForPartner(pipe, request, partners);
        if (error == Errno.None)
            return new PipeFile(pipe, request.Path, request.Flags, inode, partners.Writers == 0 && !request.CanWrite && request.IsNonblocking && inode.SuperBlock is not AnonymousInodes ? partners.WriterOpens : -1);
        pipe.Close(request.CanRead, request.CanWrite);
        inode.ClosePipe(pipe);
        return error;
    }

    private static Errno WaitForPartner(Pipe pipe, in OpenRequest request, in PipePartners partners)
    {
        var reads = request.CanRead;
        if ((reads ? partners.Writers : partners.Readers) > 0)
            return Errno.None;
        if (request.IsNonblocking)
            return reads ? Errno.None : Errno.ENXIO;
        // The host does not wait for guests.
        if (request.Thread is not { } thread)
            return Errno.EAGAIN;
        var seen = reads ? partners.WriterOpens : partners.ReaderOpens;
        var table = thread.PollTable;
        table.Add(reads ? pipe.ReadQueue : pipe.WriteQueue);
        try
        {
            // The partner may come and go in between: what counts is that it came.
            while ((reads ? pipe.WriterOpens : pipe.ReaderOpens) == seen)
            {
                var error = thread.Sleep(MonotonicClock.Never);
                if (error != Errno.None)
                    return error;
            }
            return Errno.None;
        }
        finally
        {
            table.Clear();
        }
    }
}
