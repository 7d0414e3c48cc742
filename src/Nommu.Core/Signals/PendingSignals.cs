using Nommu.Core.Abi;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>struct sigpending</c>. A standard signal is kept once, real-time signals queue (signal(7)). Guarded by the task table's lock.</summary>
internal sealed class PendingSignals
{
    private Sigqueue? _first;
    private Sigqueue? _last;

    /// <summary>What is pending.</summary>
    internal SigSet Set { get; private set; }

    /// <summary>Linux: <c>__send_signal_locked</c>, the queueing part.</summary>
    /// <param name="info">The signal.</param>
    /// <param name="payer">Who gets it. What the kernel has to say of a standard signal is queued beyond the limit.</param>
    /// <returns>EAGAIN where a real-time signal with a message finds too many queued. Any other one loses its siginfo then, not itself.</returns>
    internal Errno Add(in Siginfo info, SigqueuePayer payer)
    {
        var signal = info.Signal;
        var isRealTime = signal >= Signal.SIGRTMIN;
        if (!isRealTime && Set.Contains(signal))
            return Errno.None;
        if (signal != Signal.SIGKILL)
        {
            if (payer.Take(info, mustQueue: !isRealTime && info.Code >= 0) is { } queued)
                Append(queued);
            else if (isRealTime && info.Code != SigCode.SI_USER)
                return Errno.EAGAIN;
        }
        Set |= SigSet.Of(signal);
        return Errno.None;
    }

    /// <summary>Linux: <c>posixtimer_queue_sigqueue</c>. One that has its place already, and is in no queue.</summary>
    internal void Add(Sigqueue owned)
    {
        owned.Queue = this;
        Append(owned);
        Set |= SigSet.Of(owned.Info.Signal);
    }

    /// <summary>Its owner does not want it delivered any more.</summary>
    internal void Withdraw(Sigqueue owned)
    {
        Sigqueue? previous = null;
        var others = false;
        for (var queued = _first; queued is not null; queued = queued.Next)
        {
            if (queued.Next == owned)
                previous = queued;
            others |= queued != owned && queued.Info.Signo == owned.Info.Signo;
        }
        Unlink(previous, owned);
        if (!others)
            Set &= ~SigSet.Of(owned.Info.Signal);
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
        if (!(Set & candidates).IsEmpty)
        {
            for (var queued = _first; queued is not null; queued = queued.Next)
            {
                if (queued.Info.Code <= SigCode.SI_USER || !candidates.Contains(queued.Info.Signal))
                    continue;
                info = Collect(queued.Info.Signal);
                return true;
            }
        }
        info = default;
        return false;
    }

    /// <summary>Linux: <c>flush_sigqueue_mask</c>.</summary>
    internal void Remove(SigSet signals)
    {
        if ((Set & signals).IsEmpty)
            return;
        Set &= ~signals;
        Sigqueue? previous = null;
        for (var queued = _first; queued is not null;)
        {
            var next = queued.Next;
            if (signals.Contains(queued.Info.Signal))
                Unlink(previous, queued);
            else
                previous = queued;
            queued = next;
        }
    }

    internal void Clear() => Remove(new SigSet(~0UL));

    private Siginfo Collect(Signal signal)
    {
        Sigqueue? found = null, beforeFound = null, previous = null;
        var more = false;
        for (var queued = _first; queued is not null && !more; previous = queued, queued = queued.Next)
        {
            if (queued.Info.Signal != signal)
                continue;
            if (found is not null)
                more = true;
            else
                (found, beforeFound) = (queued, previous);
        }
        if (!more)
            Set &= ~SigSet.Of(signal);
        if (found is null)
            return Siginfo.FromUser(signal, SigCode.SI_USER, 0, 0); // its siginfo did not fit into the queue
        var info = found.Info;
        Unlink(beforeFound, found);
        found.Owner?.Taken(ref info);
        return info;
    }

    private void Append(Sigqueue queued)
    {
        queued.Next = null; // one with an owner may have been in a queue before
        if (_last is null)
            _first = queued;
        else
            _last.Next = queued;
        _last = queued;
    }

    private void Unlink(Sigqueue? previous, Sigqueue queued)
    {
        if (previous is null)
            _first = queued.Next;
        else
            previous.Next = queued.Next;
        if (_last == queued)
            _last = previous;
        if (queued.Owner is null)
            queued.GiveBack();
        else
            queued.Queue = null;
    }
}
