using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>sigsuspend</c> and <c>do_sigtimedwait</c>: sleeping until a signal comes.</summary>
internal static class SignalWait
{
    /// <summary>Pending and held back.</summary>
    internal static SigSet Blocked(GuestThread thread)
    {
        lock (thread.Process.Tasks.Lock)
            return (thread.Signals.Pending.Set | thread.Process.Signals.Pending.Set) & thread.Signals.Blocked;
    }

    /// <summary>Sleeps until there is something to deliver.</summary>
    internal static void ForAny(GuestThread thread)
    {
        while (!thread.IsSignalPending)
            _ = thread.Sleep(-1);
    }

    /// <summary>True where one of these signals is pending for the thread.</summary>
    internal static bool IsPending(GuestThread thread, SigSet wanted)
    {
        lock (thread.Process.Tasks.Lock)
            return !((thread.Signals.Pending.Set | thread.Process.Signals.Pending.Set) & wanted).IsEmpty;
    }

    /// <summary>Linux: <c>dequeue_signal</c>. Takes one of these signals if there is one.</summary>
    internal static bool TryTake(GuestThread thread, SigSet wanted, out Siginfo info) => Take(thread, wanted, stayAwaiting: false, out info);

    /// <summary>Takes one of these signals without delivering it.</summary>
    /// <param name="thread">The calling thread.</param>
    /// <param name="wanted">The signals.</param>
    /// <param name="timeout">How long; null for ever.</param>
    /// <returns>EAGAIN when the time is over, EINTR when another signal came.</returns>
    internal static Result<Siginfo> For(GuestThread thread, SigSet wanted, Timespec? timeout)
    {
        wanted &= ~SigSet.Unblockable;
        var deadline = timeout is { } limit ? thread.Clock.DeadlineAfter(limit) : -1;
        var error = timeout is { Seconds: 0, Nanoseconds: 0 } ? Errno.EAGAIN : Errno.None;
        while (true)
        {
            if (Take(thread, wanted, stayAwaiting: error == Errno.None, out var info))
                return info;
            if (error != Errno.None)
                return error;
            error = thread.IsSignalPending ? Errno.EINTR : thread.Sleep(deadline) switch
            {
                Errno.None => Errno.None,
                Errno.ETIMEDOUT => Errno.EAGAIN,
                _ => Errno.None, // a signal: one of ours, or the next look says EINTR
            };
        }
    }

    private static bool Take(GuestThread thread, SigSet wanted, bool stayAwaiting, out Siginfo info)
    {
        lock (thread.Process.Tasks.Lock)
        {
            var state = thread.Signals;
            var taken = state.Pending.TryTake(wanted, out info) || thread.Process.Signals.Pending.TryTake(wanted, out info);
            state.Awaited = taken || !stayAwaiting ? default : wanted & state.Blocked;
            SignalMask.Look(thread);
            return taken;
        }
    }
}
