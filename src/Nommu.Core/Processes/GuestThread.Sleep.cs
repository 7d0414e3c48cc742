using Nommu.Core.Abi;
using Nommu.Core.Host;
using Nommu.Core.Time;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>schedule_hrtimeout</c> and <c>try_to_wake_up</c>. The token is sticky: who is woken before it sleeps does not sleep.</summary>
internal sealed partial class GuestThread
{
    private readonly HostThreadPark _park = new();
    private KernelTimer? _alarm;

    internal override void Wake() => _park.Unpark();

    /// <summary>Sleeps until woken, perhaps for nothing.</summary>
    /// <param name="deadline">Monotonic nanoseconds; -1 for none.</param>
    /// <param name="takesTurns">See <see cref="HostThreadPark.Park"/>.</param>
    /// <returns>None when woken, ETIMEDOUT, or ERESTARTSYS when a signal is pending.</returns>
    internal Errno Sleep(long deadline, bool takesTurns = false)
    {
        while (!IsSignalPending)
        {
            var left = MonotonicClock.Never;
            if (deadline != MonotonicClock.Never)
            {
                left = Math.Max(0, deadline - Clock.MonotonicNanoseconds);
                // The host's time is not this kernel's: whoever moves that wakes the sleeper.
                if (left > 0 && !Clock.IsSystem)
                    left = SetAlarm(deadline) ? MonotonicClock.Never : 0;
            }
            VoluntarySwitches++;
            IsAsleep = true;
            var turn = Host?.Turn; // none in a test that has no host threads
            turn?.GiveUp();
            var woken = _park.Park(left, takesTurns);
            IsAsleep = false;
            Interlocked.MemoryBarrier(); // Dekker with Interrupt: whoever saw us asleep has set Work before, and we look at it after this; and with who makes a family of our memory
            if (turn?.IsFor(Space) == false)
                turn.Take(Space);
            _alarm?.Stop();
            if (woken)
                return IsSignalPending ? Errno.ERESTARTSYS : Errno.None;
            if (left == 0)
                return Errno.ETIMEDOUT;
        }
        return Errno.ERESTARTSYS;
    }

    private bool SetAlarm(long deadline)
    {
        _alarm ??= new KernelTimer(Clock, static thread => ((GuestThread)thread!).Wake(), this);
        return _alarm.Set(deadline);
    }
}
