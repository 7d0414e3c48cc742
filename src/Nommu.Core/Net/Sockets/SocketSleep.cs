using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Time;

namespace Nommu.Core.Net.Sockets;

/// <summary>Linux: <c>sock_rcvtimeo</c> and what sleeps by it. A call's sleeps between its attempts, all together no longer than SO_RCVTIMEO or SO_SNDTIMEO.</summary>
internal ref struct SocketSleep
{
    private readonly GuestThread _thread;
    private readonly long _deadline;
    private WaitQueue? _queue;

    /// <param name="thread">Who sleeps.</param>
    /// <param name="timeout">Nanoseconds, or <see cref="MonotonicClock.Never"/>.</param>
    internal SocketSleep(GuestThread thread, long timeout)
    {
        _thread = thread;
        _deadline = timeout == MonotonicClock.Never ? MonotonicClock.Never : MonotonicClock.After(thread.Fs.FileSystem.Clock, timeout);
    }

    /// <summary>Sleeps until a queue is woken. The first time it only enters the queue, so that nothing is missed between an attempt and the sleep: whoever calls tries again in any case.</summary>
    /// <returns>EAGAIN when the time is up; ERESTARTSYS or, where there is a time to wait, EINTR for a signal.</returns>
    internal Errno On(WaitQueue queue)
    {
        if (_queue != queue)
        {
            Dispose();
            _thread.PollTable.Add(queue);
            _queue = queue;
            return Errno.None;
        }
        return _thread.Sleep(_deadline) switch
        {
            Errno.ETIMEDOUT => Errno.EAGAIN,
            Errno.ERESTARTSYS when _deadline != MonotonicClock.Never => Errno.EINTR,
            var error => error,
        };
    }

    public void Dispose()
    {
        if (_queue is not null)
            _thread.PollTable.Clear();
        _queue = null;
    }
}
