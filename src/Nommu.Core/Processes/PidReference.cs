namespace Nommu.Core.Processes;

/// <summary>Linux: <c>struct pid</c>: a process or a thread that is remembered. Who is gone is gone: nobody else is meant who gets its number.</summary>
/// <param name="Process">The process, or the thread's.</param>
/// <param name="Id">Its number.</param>
/// <param name="Thread">A thread; null for a process, and for its first thread, whose number outlives it.</param>
/// <param name="IsThread">One thread is meant, not the process (PIDFD_THREAD).</param>
internal sealed record PidReference(GuestProcess Process, int Id, GuestThread? Thread, bool IsThread)
{
    /// <summary>For a thread's number.</summary>
    internal static PidReference Of(GuestThread thread, bool isThread) => new(thread.Process, thread.Id, thread.Id == thread.Process.Id ? null : thread, isThread);

    /// <summary>False once it has been waited for; a thread but the first is gone when it ends. Under the task table's lock.</summary>
    internal bool ExistsLocked => Thread is null ? Process.Tasks.Find(Id) == Process : Thread.Id == Id && Process.Threads.Contains(Thread);

    /// <summary>It has ended, and perhaps nobody has waited for it yet. Under the task table's lock.</summary>
    internal bool HasEndedLocked => !ExistsLocked || Process.State == ProcessState.Zombie || (IsThread && Thread is null && Process.LeaderHasEnded);
}
