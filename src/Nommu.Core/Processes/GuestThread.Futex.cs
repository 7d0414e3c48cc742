using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

internal sealed partial class GuestThread
{
    private FutexWaiter[] _futexWaiters = [];

    /// <summary>Linux: <c>clear_child_tid</c>: zeroed and woken as a futex when the thread ends (set_tid_address(2)); 0 for none.</summary>
    internal ulong ClearChildTid { get; set; }

    /// <summary>set_robust_list(2): where its list of locks begins; 0 for none.</summary>
    internal ulong RobustList { get; set; }

    /// <summary>Its place in a futex's queue.</summary>
    internal FutexWaiter FutexWaiter { get; }

    /// <summary>Linux: <c>pi_state_list</c>: the locks it has that others wait for. Guarded as their owners are.</summary>
    internal List<FutexPiState> OwnedFutexes { get; } = [];

    /// <summary>Linux: <c>futex_state</c>. Guarded likewise.</summary>
    internal FutexExitState FutexExit { get; set; }

    /// <summary>Places for a wait for several futexes.</summary>
    internal ReadOnlySpan<FutexWaiter> FutexWaiters(int count)
    {
        var had = _futexWaiters.Length;
        if (had < count)
        {
            Array.Resize(ref _futexWaiters, count);
            for (var i = had; i < count; i++)
                _futexWaiters[i] = new FutexWaiter(this);
        }
        return _futexWaiters.AsSpan(0, count);
    }

    /// <summary>Linux: <c>futex_exit_release</c> and <c>mm_release</c>: the thread is done with its memory, because it ends or executes a program.</summary>
    /// <param name="next">Dead, or alive with another program.</param>
    internal void ReleaseFutexes(FutexExitState next)
    {
        var futexes = Machine.Futexes;
        futexes.BeginRelease(this);
        Processes.RobustList.Release(this);
        futexes.ReleaseLocksOf(this, next);
        var word = ClearChildTid;
        ClearChildTid = 0;
        // Who is alone with its memory tells nobody (set_tid_address(2)).
        if (word == 0 || !Space.IsSharedByTasks || Memory.Write(new UserPtr<int>(word), 0) != Errno.None)
            return;
        if (FutexTable.KeyOf(this, word, isPrivate: false, forWriting: false).TryGet(out var key))
            _ = futexes.Wake(key, 1, FutexTable.MatchAny);
    }
}
