using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

internal sealed partial class GuestThread
{
    /// <summary>Linux: <c>clear_child_tid</c>: zeroed and woken as a futex when the thread ends (set_tid_address(2)); 0 for none.</summary>
    internal ulong ClearChildTid { get; set; }

    /// <summary>set_robust_list(2): where its list of locks begins; 0 for none.</summary>
    internal ulong RobustList { get; set; }

    /// <summary>Its place in a futex's queue.</summary>
    internal FutexWaiter FutexWaiter => field ??= new FutexWaiter(this);

    /// <summary>Linux: <c>futex_exit_release</c> and <c>mm_release</c>: the thread is done with its memory, because it ends or executes a program.</summary>
    internal void ReleaseFutexes()
    {
        Processes.RobustList.Release(this);
        var word = ClearChildTid;
        ClearChildTid = 0;
        if (word == 0 || Memory.Write(new UserPtr<int>(word), 0) != Abi.Errno.None)
            return;
        _ = Machine.Futexes.Wake(word, 1, FutexTable.MatchAny);
    }
}
