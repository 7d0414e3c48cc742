using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Time;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>task_struct</c>. What calls on files need of the calling thread.</summary>
internal sealed partial class GuestThread : Waiter
{
    private readonly object _sleep = new();
    private bool _woken;

    internal GuestThread(UserMemory memory, FileDescriptorTable files, FsContext fs, Credentials credentials)
    {
        Memory = memory;
        Files = files;
        Fs = fs;
        Credentials = credentials;
        PollTable = new PollTable(this);
    }

    internal UserMemory Memory { get; }

    internal FileDescriptorTable Files { get; }

    internal FsContext Fs { get; }

    internal Credentials Credentials { get; set; }

    /// <summary>For the one wait this thread can be in.</summary>
    internal PollTable PollTable { get; }

    internal override void Wake()
    {
        lock (_sleep)
        {
            _woken = true;
            Monitor.Pulse(_sleep);
        }
    }

    /// <summary>Sleeps until woken, perhaps for nothing.</summary>
    /// <param name="deadline">Monotonic nanoseconds; -1 for none.</param>
    /// <returns>None when woken, ETIMEDOUT, or ERESTARTSYS when a signal is pending.</returns>
    internal Errno Sleep(long deadline)
    {
        lock (_sleep)
        {
            while (!_woken)
            {
                if (IsSignalPending)
                    return Errno.ERESTARTSYS;
                if (deadline == MonotonicClock.Never)
                {
                    Monitor.Wait(_sleep);
                    continue;
                }
                var left = deadline - MonotonicClock.Now(Fs.FileSystem.Clock);
                if (left <= 0)
                    return Errno.ETIMEDOUT;
                Monitor.Wait(_sleep, (int)Math.Min((left / 1_000_000) + 1, int.MaxValue));
            }
            _woken = false;
        }
        return IsSignalPending ? Errno.ERESTARTSYS : Errno.None;
    }
}
