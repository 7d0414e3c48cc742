using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Linux: UCOUNT_RLIMIT_NPROC. Differs: a user's tasks are counted when somebody asks, since most users are never near their limit.</summary>
internal sealed partial class TaskTable
{
    /// <summary>True where a thread's user has more than RLIMIT_NPROC processes and threads, zombies among them, in all its processes.</summary>
    /// <param name="thread">Whose limit counts.</param>
    /// <param name="credentials">Whose user.</param>
    /// <param name="more">How many are to be added.</param>
    internal bool IsOverLimit(GuestThread thread, Credentials credentials, int more)
    {
        var limit = thread.Process.Limits[ResourceLimit.RLIMIT_NPROC].Current;
        lock (Lock)
            return (ulong)(Pids.InUse + more) > limit && (ulong)(CountTasks(credentials.Uid) + more) > limit;
    }

    private int CountTasks(uint uid)
    {
        var count = 0;
        foreach (var process in _processes.Values)
        {
            foreach (var thread in process.Threads)
                count += thread.Credentials.Uid == uid ? 1 : 0;
            if ((process.Threads.Count == 0 || process.LeaderHasEnded) && process.MainCredentials?.Uid == uid)
                count++;
        }
        return count;
    }
}
