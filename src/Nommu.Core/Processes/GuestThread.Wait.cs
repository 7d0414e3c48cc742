using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>do_wait</c>.</summary>
internal sealed partial class GuestThread
{
    /// <summary>Sleeps until a child has something to report.</summary>
    /// <returns>Pid 0 with WNOHANG where nothing is there yet; ECHILD, ERESTARTSYS.</returns>
    internal Result<WaitFinding> WaitForChild(WaitTarget target, WaitOptions options)
    {
        var process = Process;
        var found = Look();
        if (!found.TryGet(out var first) || first.Pid != 0 || (options & WaitOptions.WNOHANG) != 0)
            return found;
        PollTable.Add(process.ChildChange);
        try
        {
            while (true)
            {
                found = Look();
                if (!found.TryGet(out var finding) || finding.Pid != 0)
                    return found;
                if (Sleep(-1) != Errno.None)
                    return Errno.ERESTARTSYS;
            }
        }
        finally
        {
            PollTable.Clear();
        }

        Result<WaitFinding> Look()
        {
            lock (process.Tasks.Lock)
                return process.LookForChild(target, options, (options & WaitOptions.__WNOTHREAD) != 0 ? this : null);
        }
    }
}
