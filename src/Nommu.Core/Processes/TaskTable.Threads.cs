namespace Nommu.Core.Processes;

/// <summary>Threads by their number.</summary>
internal sealed partial class TaskTable
{
    /// <summary>Linux: <c>find_task_by_vpid</c>. With the lock held.</summary>
    /// <param name="near">Who asks; most ask about their own process.</param>
    /// <param name="id">A thread's number.</param>
    internal GuestThread? FindThread(GuestThread near, int id)
    {
        if (near.Id == id)
            return near;
        if (In(Find(id), id) is { } leader)
            return leader;
        if (In(near.Process, id) is { } sibling)
            return sibling;
        foreach (var process in _processes.Values)
        {
            if (In(process, id) is { } thread)
                return thread;
        }
        return null;
    }

    private static GuestThread? In(GuestProcess? process, int id)
    {
        if (process is null)
            return null;
        foreach (var thread in process.Threads)
        {
            if (thread.Id == id)
                return thread;
        }
        return null;
    }
}
