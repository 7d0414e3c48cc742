using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>struct pid</c> and its allocator. Numbers rise, wrap at <see cref="Maximum"/> to 300 and stay taken while a process, thread, group or session bears them (proc(5), pid_max).</summary>
/// <remarks>Guarded by <see cref="TaskTable.Lock"/>.</remarks>
internal sealed class PidTable
{
    private const int FirstAfterWrap = 300;

    private readonly Dictionary<int, int> _references = [];
    private int _last;

    /// <summary>/proc/sys/kernel/pid_max: one more than the highest number.</summary>
    internal int Maximum { get; set; } = 32768;

    /// <summary>The number handed out last: the end of /proc/loadavg.</summary>
    internal int Last => _last;

    internal int InUse => _references.Count;

    /// <summary>Takes a number for one holder.</summary>
    /// <param name="wanted">Which; 0 for the next free one.</param>
    /// <returns>EAGAIN where none is free (fork(2)), EEXIST where the wanted one is not (clone3(2)).</returns>
    internal Result<int> Allocate(int wanted = 0)
    {
        if (wanted != 0)
            return _references.TryAdd(wanted, 1) ? wanted : Errno.EEXIST;
        for (var tries = 0; tries < Maximum; tries++)
        {
            _last = _last + 1 < Maximum ? _last + 1 : Math.Min(FirstAfterWrap, Maximum - 1);
            if (_references.TryAdd(_last, 1))
                return _last;
        }
        return Errno.EAGAIN;
    }

    /// <summary>One more holder of a number in use: a group or a session named after a process.</summary>
    internal void Hold(int pid) => _references[pid]++;

    internal void Release(int pid)
    {
        if (--_references[pid] == 0)
            _references.Remove(pid);
    }
}
