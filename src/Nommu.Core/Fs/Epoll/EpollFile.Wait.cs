using Nommu.Core.Abi;
using Nommu.Core.Fs.Polling;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Epoll;

/// <summary>Linux: <c>ep_poll</c> and <c>ep_send_events</c>.</summary>
internal sealed partial class EpollFile
{
    /// <summary>Waits for events and hands them to the guest.</summary>
    /// <param name="thread">Who waits.</param>
    /// <param name="to">Room for <paramref name="count"/> events.</param>
    /// <param name="count">Positive.</param>
    /// <param name="deadline">Monotonic nanoseconds.</param>
    /// <returns>How many; EFAULT, EINTR.</returns>
    internal Result<int> Wait(GuestThread thread, UserPtr<EpollEvent> to, int count, long deadline)
    {
        var sent = Send(thread, to, count);
        if (!sent.IsOk || sent.Value > 0 || deadline == PollOperation.Immediately)
            return sent;
        thread.PollTable.Add(_sleepers);
        try
        {
            while (true)
            {
                sent = Send(thread, to, count);
                if (!sent.IsOk || sent.Value > 0)
                    return sent;
                var error = thread.Sleep(deadline);
                if (error == Errno.None)
                    continue;
                // What came in the same moment goes before the timeout and the signal.
                sent = Send(thread, to, count);
                if (!sent.IsOk || sent.Value > 0)
                    return sent;
                return error == Errno.ETIMEDOUT ? 0 : Errno.EINTR;
            }
        }
        finally
        {
            thread.PollTable.Clear();
        }
    }

    private Result<int> Send(GuestThread thread, UserPtr<EpollEvent> to, int count)
    {
        if (_ready.IsEmpty)
            return 0;
        var sent = 0;
        lock (_lock)
        {
            // Level-triggered items go back to the end of the list: each is looked at once.
            for (var left = _ready.Count; left > 0 && sent < count && _ready.TakeFirst() is { } item; left--)
            {
                var events = item.Poll(thread);
                if (events == PollEvents.None || item.IsRemoved)
                    continue;
                if (thread.Memory.Write(to.At(sent), new EpollEvent((uint)events, item.Event.Data)) != Errno.None)
                {
                    _ready.AddFirst(item);
                    return sent > 0 ? sent : Errno.EFAULT;
                }
                sent++;
                if (item.Has(EpollFlags.EPOLLONESHOT))
                    item.SwitchOff();
                else if (!item.Has(EpollFlags.EPOLLET))
                    _ready.Add(item);
            }
        }
        // Others may have looked while the list was short of what this one has put back.
        if (!_ready.IsEmpty)
            _sleepers.Wake();
        return sent;
    }

    /// <summary>What polling this epoll finds: items without events leave the list, so that the next look is cheap.</summary>
    private bool HasEvents(GuestThread? thread)
    {
        if (_ready.IsEmpty)
            return false;
        lock (_lock)
        {
            while (_ready.TakeFirst() is { } item)
            {
                if (item.Poll(thread) == PollEvents.None || item.IsRemoved)
                    continue;
                _ready.AddFirst(item);
                return true;
            }
        }
        return false;
    }
}
