using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Processes;

/// <summary>Linux: UCOUNT_RLIMIT_NPROC. Differs: a user's tasks are counted when somebody asks, since most users are never near their limit.</summary>
internal sealed partial class TaskTable
{
    /// <summary>Linux: <c>MIN_THREADS</c>.</summary>
    internal const int LeastThreads = 20;

    /// <summary>Linux: THREAD_SIZE, what a thread's stack in the kernel takes.</summary>
    private const ulong ThreadSize = 16 << 10;

    /// <summary>/proc/sys/kernel/threads-max: how many threads and processes there may be.</summary>
    internal int MaximumThreads { get; set; } = int.MaxValue;

    /// <summary>True where there are as many as there may be. Differs from Linux: the numbers of groups and sessions whose leaders have gone count, too.</summary>
    internal bool IsFull => Pids.InUse >= MaximumThreads;

    /// <summary>Linux: <c>set_max_threads</c>: what they take of the machine's memory is at most an eighth of it; and no more than the host has.</summary>
    /// <param name="memory">Bytes.</param>
    internal static int MostThreads(ulong memory) => (int)Math.Min(Math.Max(memory / (8 * ThreadSize), LeastThreads), (ulong)HostThreadLimits.Most);

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
