using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Polling;

/// <summary>Linux: <c>do_poll</c>. Differs: the first look hangs on no queue, since most calls find something ready or do not want to wait.</summary>
internal static class PollOperation
{
    /// <summary>A deadline that has always passed: look once.</summary>
    internal const long Immediately = 0;

    /// <summary>Fills in what has happened.</summary>
    /// <param name="thread">Who waits.</param>
    /// <param name="fds">What for.</param>
    /// <param name="deadline">Monotonic nanoseconds.</param>
    /// <returns>How many have something; ERESTARTNOHAND for a signal.</returns>
    internal static Result<int> Wait(GuestThread thread, Span<PollFd> fds, long deadline)
    {
        var ready = Look(thread, fds, null);
        if (ready != 0)
            return ready;
        if (thread.IsSignalPending)
            return Errno.ERESTARTNOHAND;
        return deadline == Immediately ? 0 : Sleep(thread, fds, deadline);
    }

    private static Result<int> Sleep(GuestThread thread, Span<PollFd> fds, long deadline)
    {
        try
        {
            var ready = Look(thread, fds, thread.PollTable);
            while (ready == 0)
            {
                var error = thread.Sleep(deadline);
                ready = Look(thread, fds, null);
                if (error != Errno.None && ready == 0)
                    return error == Errno.ETIMEDOUT ? 0 : Errno.ERESTARTNOHAND;
            }
            return ready;
        }
        finally
        {
            thread.PollTable.Clear();
        }
    }

    private static int Look(GuestThread thread, Span<PollFd> fds, PollTable? table)
    {
        var ready = 0;
        foreach (ref var entry in fds)
        {
            entry.Returned = entry.Fd < 0 ? (ushort)0 : (ushort)Look(thread, entry, table);
            if (entry.Returned == 0)
                continue;
            ready++;
            // Linux: once something is ready the call will not sleep, so the rest hangs on no queue.
            table = null;
        }
        return ready;
    }

    private static PollEvents Look(GuestThread thread, in PollFd entry, PollTable? table)
    {
        using var use = thread.Files.Get(entry.Fd);
        if (use.Opened is not { } file)
            return PollEvents.POLLNVAL;
        return file.PollAs(thread, table) & ((PollEvents)entry.Events | PollEvents.POLLERR | PollEvents.POLLHUP);
    }
}
