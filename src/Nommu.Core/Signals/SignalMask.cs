using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>set_current_blocked</c>, <c>set_user_sigmask</c> and <c>restore_saved_sigmask</c>. A thread's mask changes only on the thread itself.</summary>
internal static class SignalMask
{
    /// <summary>Blocks these and nothing else. What becomes deliverable is looked at before the guest goes on; what others could take is left to them.</summary>
    internal static void Set(GuestThread thread, SigSet blocked)
    {
        var state = thread.Signals;
        blocked &= ~SigSet.Unblockable;
        if (blocked == state.Blocked)
            return;
        lock (thread.Process.Tasks.Lock)
        {
            var newlyBlocked = blocked & ~state.Blocked;
            state.Blocked = blocked;
            if (!newlyBlocked.IsEmpty && thread.IsSignalPending)
                SignalGeneration.Retarget(thread, newlyBlocked);
            Look(thread);
        }
    }

    /// <summary>For sigsuspend, ppoll, pselect and epoll_pwait: a mask for one call. Follow it with <see cref="EndTemporary"/> whichever way the call ends.</summary>
    internal static void SetTemporary(GuestThread thread, SigSet blocked)
    {
        thread.Signals.SavedMask = thread.Signals.Blocked;
        Set(thread, blocked);
    }

    /// <summary>The call ends. Where a signal ended it, the old mask comes back only after that has been delivered, so that its handler runs under the temporary mask.</summary>
    internal static void EndTemporary(GuestThread thread, bool interrupted)
    {
        if (thread.Signals.SavedMask is not { } saved)
            return;
        if (interrupted)
        {
            thread.SetWork(GuestThread.WorkRestoreMask);
            return;
        }
        thread.Signals.SavedMask = null;
        Set(thread, saved);
    }

    /// <summary>Linux: <c>recalc_sigpending</c>. Under the lock.</summary>
    internal static void Look(GuestThread thread)
    {
        var state = thread.Signals;
        var process = thread.Process;
        var ready = (state.Pending.Set | process.Signals.Pending.Set) & ~state.Blocked;
        if (!ready.IsEmpty || state.StopPending || state.MustExit || process.Signals.GroupExit is not null)
            thread.SetWork(GuestThread.WorkSignal);
        else
            thread.ClearWork(GuestThread.WorkSignal);
    }
}
