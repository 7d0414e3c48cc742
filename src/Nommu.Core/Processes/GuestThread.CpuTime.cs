using Nommu.Core.Host;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>sum_exec_runtime</c> and <c>cputime_adjust</c>. A guest thread is charged for its host thread's time while it is the one that runs there.</summary>
internal sealed partial class GuestThread
{
    private HostThreadTimes? _runningOn;
    private long _chargedTotal;
    private long _chargedSystem;
    private long _startTotal;
    private long _startSystem;
    private long _knownSystem;
    private long _shownUser;

    /// <summary>What it has used. From any thread, with the task table's lock held.</summary>
    internal CpuTime CpuTime
    {
        get
        {
            var total = CpuNanoseconds;
            var system = Math.Min(total, _chargedSystem + (_runningOn is null ? 0 : _knownSystem - _startSystem));
            // The host tells only a thread itself what of its time was the system's: as that becomes known late, user time must be kept from going back.
            _shownUser = Math.Min(total, Math.Max(_shownUser, total - system));
            return new CpuTime(_shownUser, total - _shownUser);
        }
    }

    /// <summary>CLOCK_THREAD_CPUTIME_ID.</summary>
    internal long CpuNanoseconds => _chargedTotal + (_runningOn is { } host ? Math.Max(0, host.Total - _startTotal) : 0);

    internal ResourceUsage Usage => new(CpuTime, VoluntarySwitches);

    /// <summary>Asks the host for the system's part. Only the running thread itself.</summary>
    internal void LearnSystemTime() => _knownSystem = HostThreadTimes.OwnSystem;

    /// <summary>It has been put on a host thread. With the task table's lock held.</summary>
    internal void StartCpu(HostThreadTimes host, long total, long system)
    {
        (_startTotal, _startSystem, _knownSystem) = (total, system, system);
        _runningOn = host;
    }

    /// <summary>It has been taken off. With the task table's lock held.</summary>
    internal void StopCpu(long total, long system)
    {
        if (_runningOn is null)
            return;
        _runningOn = null;
        _chargedTotal += Math.Max(0, total - _startTotal);
        _chargedSystem += Math.Max(0, system - _startSystem);
    }
}
