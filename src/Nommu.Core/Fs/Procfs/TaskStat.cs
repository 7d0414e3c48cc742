using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: /proc/PID/stat and statm: numbers for ps and top, in the order of proc(5).</summary>
internal static class TaskStat
{
    private const int ForkedNotExecuted = 0x40, Exiting = 0x4;
    private const int NormalPriority = 20;

    internal static Errno Show(ProcTask task, SeqText text, GuestThread? opener)
    {
        if (TaskSnapshot.Take(task) is not { } now)
            return Errno.ESRCH;
        var flags = (task.Process.HasExecuted ? 0 : ForkedNotExecuted) | (now.State == 'Z' ? Exiting : 0);
        text.Add($"{task.Id} ({now.Name.AsSpan()}) {now.State} {now.Parent} {now.Group} {now.Session} {now.Terminal} {now.ForegroundGroup} {flags} 0 0 0 0 ");
        ShowTimes(text, task, now);
        var permitted = task.MayInspect(opener);
        var memory = task.RetainMemory();
        ShowMemory(text, memory, permitted);
        // Linux leaves real-time signals out of these four, as they are older than those.
        const ulong Standard = 0x7fffffff;
        text.Add($"{now.Pending.Bits & Standard} {now.Blocked.Bits & Standard} {now.Ignored.Bits & Standard} {now.Caught.Bits & Standard} 0 0 0 ");
        text.Add($"{(task.Id == task.Process.Id ? task.Process.ExitSignal : -1)} 0 {now.Thread?.Attributes.RealtimePriority ?? 0} {(int)(now.Thread?.Attributes.Policy ?? SchedPolicy.SCHED_NORMAL)} 0 0 0 ");
        ShowLayout(text, memory, permitted);
        text.Add($" {(permitted ? now.ExitStatus.Value : 0)}\n");
        memory?.Release();
        return Errno.None;
    }

    /// <summary>statm: size, resident, shared, text, lib, data, dirty, in pages.</summary>
    internal static Errno ShowMemory(ProcTask task, SeqText text, GuestThread? opener)
    {
        const ulong Page = Arena.PageSize;
        if (task.RetainMemory() is not { } memory)
        {
            text.Add("0 0 0 0 0 0 0\n"u8);
            return Errno.None;
        }
        var figures = MemoryFigures.Of(memory);
        memory.Release();
        var resident = figures.Resident;
        text.Add($"{figures.Size / Page} {resident.Total} {resident.File + resident.Shared} {figures.Code / Page} 0 {(figures.Data + figures.Stack) / Page} 0\n");
        return Errno.None;
    }

    /// <summary>children of one thread, each with a space behind.</summary>
    internal static Errno ShowChildren(ProcTask task, SeqText text, GuestThread? opener)
    {
        lock (task.Process.Tasks.Lock)
        {
            var thread = task.FindThreadLocked();
            foreach (var child in task.Process.Children)
            {
                if (child.ParentThread == thread)
                    text.Add($"{child.Id} ");
            }
        }
        return Errno.None;
    }

    /// <summary>utime, stime, cutime, cstime, priority, nice, num_threads, itrealvalue, starttime.</summary>
    private static void ShowTimes(SeqText text, ProcTask task, TaskSnapshot now)
    {
        var times = now.Times;
        var start = task.Process.StartTime / ProcessTimes.Tick;
        text.Add($"{times.User / ProcessTimes.Tick} {times.System / ProcessTimes.Tick} {times.ChildrenUser / ProcessTimes.Tick} {times.ChildrenSystem / ProcessTimes.Tick} ");
        var nice = now.Thread?.Attributes.Nice ?? 0;
        var priority = now.Thread?.Attributes.RealtimePriority is > 0 and var realtime ? -1 - realtime : NormalPriority + nice;
        text.Add($"{priority} {nice} {now.Threads} 0 {start} ");
    }

    /// <summary>vsize, rss, rsslim, startcode, endcode, startstack, kstkesp, kstkeip. Addresses are only for who may trace.</summary>
    private static void ShowMemory(SeqText text, AddressSpace? memory, bool permitted)
    {
        if (memory is null)
        {
            text.Add("0 0 0 0 0 0 0 0 "u8);
            return;
        }
        var figures = MemoryFigures.Of(memory);
        var layout = memory.Layout;
        text.Add($"{figures.Size} {figures.Resident.Total} {ulong.MaxValue} ");
        if (permitted)
            text.Add($"{layout.StartCode} {layout.EndCode} {layout.StartStack} 0 0 ");
        else
            text.Add("1 1 0 0 0 "u8);
    }

    /// <summary>start_data, end_data, start_brk, arg_start, arg_end, env_start, env_end.</summary>
    private static void ShowLayout(SeqText text, AddressSpace? memory, bool permitted)
    {
        if (memory is null || !permitted)
        {
            text.Add("0 0 0 0 0 0 0"u8);
            return;
        }
        var layout = memory.Layout;
        text.Add($"{layout.StartData} {layout.EndData} {memory.StartBrk} {layout.ArgStart} {layout.ArgEnd} {layout.EnvStart} {layout.EnvEnd}");
    }
}
