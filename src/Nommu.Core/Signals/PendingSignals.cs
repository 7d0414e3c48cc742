using System.Runtime.InteropServices;
using Nommu.Core.Abi;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>struct sigpending</c>. A standard signal is kept once, real-time signals queue (signal(7)). Differs: the limit on queued signals counts per queue, not per user. Guarded by the task table's lock.</summary>
internal sealed class PendingSignals
{
    /// <summary>How many real-time signals queue here (RLIMIT_SIGPENDING's place).</summary>
    internal const int Limit = 4096;

    private readonly List<Siginfo> _queue = [];

    /// <summary>What is pending.</summary>
    internal SigSet Set { get; private set; }

    /// <summary>Linux: <c>__send_signal_locked</c>, the queueing part.</summary>
    /// <returns>EAGAIN where a real-time signal with a message finds the queue full. One without loses its siginfo then, not itself.</returns>
    internal Errno Add(in Siginfo info)
    {
        var signal = info.Signal;
        var isRealTime = signal >= Signal.SIGRTMIN;
        if (!isRealTime && Set.Contains(signal))
            return Errno.None;
        if (_queue.Count < Limit || (!isRealTime && info.Code >= 0))
            _queue.Add(info);
        else if (isRealTime && info.Code != SigCode.SI_USER)
            return Errno.EAGAIN;
        Set |= SigSet.Of(signal);
        return Errno.None;
    }

    /// <summary>Linux: <c>next_signal</c> and <c>collect_signal</c>. What the processor raised comes first, then the lowest number; of one number the oldest.</summary>
    /// <param name="among">Which signals may be taken.</param>
    /// <param name="info">What was taken.</param>
    internal bool TryTake(SigSet among, out Siginfo info)
    {
        var ready = Set & among;
        var synchronous = ready & SigSet.Synchronous;
        var signal = synchronous.IsEmpty ? ready.Lowest : synchronous.Lowest;
        if (signal == Signal.None)
        {
            info = default;
            return false;
        }
        info = Collect(signal);
        return true;
    }

    /// <summary>Linux: <c>dequeue_synchronous_signal</c>: a fault of the processor in the order it came, whatever its number.</summary>
    internal bool TryTakeFault(SigSet among, out Siginfo info)
    {
        var candidates = among & SigSet.Synchronous;
        if ((Set & candidates).IsEmpty)
        {
            info = default;
            return false;
        }
        foreach (ref readonly var queued in CollectionsMarshal.AsSpan(_queue))
        {
            if (queued.Code <= SigCode.SI_USER || !candidates.Contains(queued.Signal))
                continue;
            info = Collect(queued.Signal);
            return true;
        }
        info = default;
        return false;
    }

    /// <summary>Linux: <c>it_requeue_pending</c>: a timer that rings before its last signal was taken makes that say so instead of a second one.</summary>
    /// <returns>How often in all it has rung unheard, or -1 where nothing of it is pending.</returns>
    internal int AddOverrun(int timerId, int count)
    {
        foreach (ref var queued in CollectionsMarshal.AsSpan(_queue))
        {
            if (queued.Code == SigCode.SI_TIMER && queued.TimerId == timerId)
                return queued.Overrun = (int)Math.Min((long)queued.Overrun + count, int.MaxValue);
        }
        return -1;
    }

    /// <summary>Linux: <c>flush_sigqueue_mask</c>.</summary>
    internal void Remove(SigSet signals)
    {
        if ((Set & signals).IsEmpty)
            return;
        Set &= ~signals;
        _queue.RemoveAll(queued => signals.Contains(queued.Signal));
    }

    internal void Clear() => Remove(new SigSet(~0UL));

    private Siginfo Collect(Signal signal)
    {
        var found = -1;
        var more = false;
        for (var i = 0; i < _queue.Count; i++)
        {
            if (_queue[i].Signal != signal)
                continue;
            if (found >= 0)
            {
                more = true;
                break;
            }
            found = i;
        }
        if (!more)
            Set &= ~SigSet.Of(signal);
        if (found < 0)
            return Siginfo.FromUser(signal, SigCode.SI_USER, 0, 0); // its siginfo did not fit into the queue
        var info = _queue[found];
        _queue.RemoveAt(found);
        return info;
    }
}
