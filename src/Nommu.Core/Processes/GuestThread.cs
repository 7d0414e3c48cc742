using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Time;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>task_struct</c>. Differs: what threads share (memory, files, signal handlers) is shared by holding the same object; the process they belong to is a <see cref="GuestProcess"/>.</summary>
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

    /// <summary>Its memory, with one reference. Replaced by execve(2).</summary>
    internal AddressSpace Space { get; set; } = null!;

    /// <summary>Its descriptors, with one reference.</summary>
    internal FileDescriptorTable Files { get; set; }

    /// <summary>Its root, working directory and umask, with one reference.</summary>
    internal FsContext Fs { get; set; }

    /// <summary>The kernel it belongs to.</summary>
    internal Machine Machine => Process.Machine;

    /// <summary>Linux: <c>comm</c>: up to 15 bytes, as prctl(PR_SET_NAME) and /proc/PID/comm have it.</summary>
    internal byte[] Name { get; set; } = [];

    /// <summary>Whose rights it has.</summary>
    internal Credentials Credentials
    {
        get;
        set
        {
            field = value;
            LoadIdentity();
        }
    }

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
                IsAsleep = true;
                if (deadline == MonotonicClock.Never)
                {
                    Monitor.Wait(_sleep);
                    IsAsleep = false;
                    continue;
                }
                var left = deadline - MonotonicClock.Now(Fs.FileSystem.Clock);
                if (left > 0)
                    Monitor.Wait(_sleep, (int)Math.Min((left / 1_000_000) + 1, int.MaxValue));
                IsAsleep = false;
                if (left <= 0)
                    return Errno.ETIMEDOUT;
            }
            _woken = false;
        }
        return IsSignalPending ? Errno.ERESTARTSYS : Errno.None;
    }
}
