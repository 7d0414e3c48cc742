using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: <c>struct proc_inode</c>'s pid: whom a file below /proc/PID or /proc/PID/task/TID tells of.</summary>
internal sealed class ProcTask(ProcfsSuperBlock fileSystem, GuestProcess process, int id, bool isThread)
{
    internal ProcfsSuperBlock FileSystem => fileSystem;

    internal GuestProcess Process => process;

    /// <summary>The process's number, or a thread's.</summary>
    internal int Id => id;

    /// <summary>True below /proc/PID/task: one thread is meant, not the process.</summary>
    internal bool IsThread => isThread;

    /// <summary>A number that is the same at every lookup.</summary>
    internal static ulong InoOf(int id, bool isThread, int entry, int sub = 0) => ((ulong)id << 32) | (isThread ? 1UL << 31 : 0) | ((ulong)entry << 22) | (uint)sub;

    internal ulong InoOf(int entry, int sub = 0) => InoOf(id, isThread, entry, sub);

    /// <summary>False once it has been waited for. Under the task table's lock.</summary>
    internal bool ExistsLocked => process.Tasks.Find(process.Id) == process && (id == process.Id || FindThreadLocked() is not null);

    internal bool Exists
    {
        get
        {
            lock (process.Tasks.Lock)
                return ExistsLocked;
        }
    }

    /// <summary>The process has ended, or the thread that bears its number has. Under the task table's lock.</summary>
    internal bool IsZombieLocked => process.State == ProcessState.Zombie || (id == process.Id && process.LeaderHasEnded);

    /// <summary>The thread whose files, memory and names are shown; null for a zombie.</summary>
    internal GuestThread? FindThread()
    {
        lock (process.Tasks.Lock)
            return IsZombieLocked ? null : FindThreadLocked();
    }

    /// <summary>The thread of that number, or one that speaks for a process whose first thread has ended.</summary>
    internal GuestThread? FindThreadLocked()
    {
        foreach (var thread in process.Threads)
        {
            if (thread.Id == id)
                return thread;
        }
        return id == process.Id && process.Threads.Count > 0 ? process.Threads[0] : null;
    }

    /// <summary>Its memory, with a reference; null where it has none any more.</summary>
    internal AddressSpace? RetainMemory() => FindThread()?.Space is { } space && space.TryRetain() ? space : null;

    /// <summary>Linux: the owner by <c>task_dump_owner</c>: the effective ids; root where the memory may not be looked into.</summary>
    internal (uint Uid, uint Gid) Owner
    {
        get
        {
            lock (process.Tasks.Lock)
            {
                var credentials = FindThreadLocked()?.Credentials ?? process.MainCredentials;
                return credentials is null || !process.IsDumpable ? (0, 0) : (credentials.Euid, credentials.Egid);
            }
        }
    }

    /// <summary>Linux: <c>ptrace_may_access</c> with PTRACE_MODE_READ_FSCREDS (ptrace(2)): the same process, the same user by all ids, or root.</summary>
    internal bool MayInspect(GuestThread? reader, Credentials credentials)
    {
        if (reader?.Process == process || credentials.Has(Capability.CAP_SYS_PTRACE))
            return true;
        if (FindThread()?.Credentials is not { } target || !process.IsDumpable || (target.Capabilities.Permitted & ~credentials.Capabilities.Effective) != 0)
            return false;
        return Same(credentials.Fsuid, target.Uid, target.Euid, target.Suid) && Same(credentials.Fsgid, target.Gid, target.Egid, target.Sgid);
    }

    /// <summary>The same for who opened a file; the host itself may everything.</summary>
    internal bool MayInspect(GuestThread? opener) => MayInspect(opener, opener?.Credentials ?? Credentials.Root);

    private static bool Same(uint mine, uint real, uint effective, uint saved) => mine == real && mine == effective && mine == saved;
}
