using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Epoll;

/// <summary>Linux: <c>struct epitem</c>. One descriptor of an epoll's interest list, hanging on its file's wait queues. It does not keep the file open: it goes when the file goes.</summary>
internal sealed class EpollItem : Waiter, IFileWatcher
{
    /// <summary>Linux: EP_PRIVATE_BITS: what is left of an item's events when EPOLLONESHOT has switched it off.</summary>
    private const uint Behaviour = (uint)(EpollFlags.EPOLLEXCLUSIVE | EpollFlags.EPOLLWAKEUP | EpollFlags.EPOLLONESHOT | EpollFlags.EPOLLET);

    private readonly PollTable _table;

    internal EpollItem(EpollFile epoll, FileDescription file, int fd)
    {
        Epoll = epoll;
        File = file;
        Fd = fd;
        _table = new PollTable(this);
    }

    internal EpollFile Epoll { get; }

    internal FileDescription File { get; }

    /// <summary>The number it was added under: the same file may be there under several.</summary>
    internal int Fd { get; }

    /// <summary>What is waited for and how. Guarded by the epoll's lock.</summary>
    internal EpollEvent Event { get; set; }

    /// <summary>It has been taken off the interest list. Guarded by the epoll's lock.</summary>
    internal bool IsRemoved { get; set; }

    internal bool Has(EpollFlags flag) => (Event.Events & (uint)flag) != 0;

    internal bool IsSwitchedOff => (Event.Events & ~Behaviour) == 0;

    internal void SwitchOff() => Event = Event with { Events = Event.Events & Behaviour };

    /// <summary>Its place in the ready list. Guarded by that list's lock.</summary>
    internal bool IsReady { get; set; }

    internal EpollItem? NextReady { get; set; }

    internal EpollItem? PreviousReady { get; set; }

    /// <summary>Hangs it on the file's queues; the caller has a reference to the file.</summary>
    /// <param name="thread">The caller, whose queues they are where everyone has others.</param>
    /// <returns>What holds of what is asked for.</returns>
    internal PollEvents Attach(GuestThread thread)
    {
        File.Watchers.Add(this);
        return File.PollAs(thread, _table) & (PollEvents)Event.Events;
    }

    internal void Detach()
    {
        _table.Clear();
        File.ExistingWatchers?.Remove(this);
    }

    /// <summary>Linux: <c>ep_item_poll</c>.</summary>
    /// <param name="thread">Who looks: what holds may be another for each.</param>
    /// <returns>What holds of what is asked for; nothing for a file that is just going.</returns>
    internal PollEvents Poll(GuestThread? thread)
    {
        if (!File.TryRetain())
            return PollEvents.None;
        var events = File.PollAs(thread, null) & (PollEvents)Event.Events;
        // The last reference takes other epolls' locks when it goes, and the caller holds this one's.
        if (!File.TryReleaseShared())
            ThreadPool.UnsafeQueueUserWorkItem(static file => file.Release(), File, preferLocal: false);
        return events;
    }

    internal override void Wake()
    {
        if (!IsSwitchedOff)
            Epoll.BecameReady(this);
    }

    public void FileReleased() => Epoll.Forget(this);
}
