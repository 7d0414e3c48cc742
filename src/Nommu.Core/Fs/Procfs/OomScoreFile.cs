using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: /proc/PID/oom_score_adj, -1000 to 1000, and the older oom_adj, -17 to 15, which is the same in other units (proc(5)).</summary>
internal sealed class OomScoreFile(ProcTask task, ulong ino, InodeMode mode, bool isOld) : TaskFile(task, ino, mode, isOld ? ShowOld : Show, isGuarded: false)
{
    private const int Lowest = -1000, Highest = 1000, LowestOld = -17, HighestOld = 15;

    /// <summary>/proc/PID/oom_score: how good a choice it is, from 0 for who is never chosen.</summary>
    internal static Errno ShowScore(ProcTask task, SeqText text, GuestThread? opener)
    {
        var score = 0L;
        if (task.Process.OomScoreAdjustment != Lowest && task.RetainMemory() is { } memory)
        {
            var limit = task.FileSystem.Machine.Arena.Account.Limit;
            score = Math.Max(0, ((OutOfMemoryKiller.Badness(task.Process, memory, limit) * 1000 / limit) + 1000) * 2 / 3);
            memory.Release();
        }
        text.Add($"{score}\n");
        return Errno.None;
    }

    /// <inheritdoc/>
    internal override Errno Store(ReadOnlySpan<byte> text, long position, GuestThread? opener)
    {
        if (!SysctlNumber.TryParse(text, out var value) || value < (isOld ? LowestOld : Lowest) || value > (isOld ? HighestOld : Highest))
            return Errno.EINVAL;
        if (!Task.Exists)
            return Errno.ESRCH;
        if (isOld)
            value = value == HighestOld ? Highest : value * Highest / -LowestOld;
        lock (Task.Process.Tasks.Lock)
            return Task.Process.SetOomScore((int)value, opener?.Credentials.Has(Capability.CAP_SYS_RESOURCE) ?? true, isOld);
    }

    private static Errno Show(ProcTask task, SeqText text, GuestThread? opener)
    {
        text.Add($"{task.Process.OomScoreAdjustment}\n");
        return Errno.None;
    }

    private static Errno ShowOld(ProcTask task, SeqText text, GuestThread? opener)
    {
        var adjustment = task.Process.OomScoreAdjustment;
        text.Add($"{(adjustment == Highest ? HighestOld : Math.Min(adjustment * -LowestOld / Highest, HighestOld))}\n");
        return Errno.None;
    }
}
