using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Epoll;

/// <summary>Linux: <c>struct eventpoll</c> with its file (epoll(7)).</summary>
/// <remarks>
/// Lock order: the kernel's nesting lock, an outer epoll's lock, an inner one's, a wait queue's (from an inner epoll's to an outer one's), the ready list's.
/// A wake-up comes with a queue's lock held: it only puts the item on the ready list, and what holds is asked of the file when somebody collects.
/// </remarks>
internal sealed partial class EpollFile : FileDescription
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(FileDescription File, int Fd), EpollItem> _items = [];
    private readonly ReadyList _ready = new();
    private readonly WaitQueue _sleepers = new();
    private readonly WaitQueue _pollers = new();
    private readonly EpollNesting _nesting;

    internal EpollFile(FsPath path, EpollNesting nesting) : base(path, OpenFlags.O_RDWR) => _nesting = nesting;

    /// <summary>epoll_create1(2).</summary>
    internal static EpollFile Create(VirtualFileSystem fileSystem) =>
        new(fileSystem.Anonymous.Create("anon_inode:[eventpoll]", (InodeMode)0x180), fileSystem.EpollNesting);

    /// <summary>EPOLL_CTL_ADD.</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="file">A file that can be polled; the caller has a reference.</param>
    /// <param name="fd">Its number.</param>
    /// <param name="wanted">What for; POLLERR and POLLHUP are added.</param>
    /// <returns>EEXIST, ELOOP.</returns>
    internal Errno Add(GuestThread thread, FileDescription file, int fd, EpollEvent wanted)
    {
        if (file is not EpollFile inner)
            return AddItem(thread, file, fd, wanted);
        lock (_nesting.Lock)
            return _nesting.Allows(this, inner) ? AddItem(thread, file, fd, wanted) : Errno.ELOOP;
    }

    private Errno AddItem(GuestThread thread, FileDescription file, int fd, EpollEvent wanted)
    {
        lock (_lock)
        {
            if (_items.ContainsKey((file, fd)))
                return Errno.EEXIST;
            var item = new EpollItem(this, file, fd) { Event = WithAlways(wanted) };
            _items.Add((file, fd), item);
            if (item.Attach(thread) == PollEvents.None)
                return Errno.None;
            _ready.Add(item);
        }
        WakeAll();
        return Errno.None;
    }

    /// <summary>EPOLL_CTL_MOD.</summary>
    /// <returns>ENOENT; EINVAL for an exclusive one.</returns>
    internal Errno Modify(GuestThread thread, FileDescription file, int fd, EpollEvent wanted)
    {
        lock (_lock)
        {
            if (!_items.TryGetValue((file, fd), out var item))
                return Errno.ENOENT;
            if (item.Has(EpollFlags.EPOLLEXCLUSIVE))
                return Errno.EINVAL;
            item.Event = WithAlways(wanted);
            // A wake-up that this thread does not see yet sees the new events: either it or this look notes the item.
            Interlocked.MemoryBarrier();
            if (item.Poll(thread) == PollEvents.None)
                return Errno.None;
            _ready.Add(item);
        }
        WakeAll();
        return Errno.None;
    }

    /// <summary>EPOLL_CTL_DEL.</summary>
    /// <returns>ENOENT.</returns>
    internal Errno Remove(FileDescription file, int fd)
    {
        lock (_lock)
        {
            if (!_items.TryGetValue((file, fd), out var item))
                return Errno.ENOENT;
            Take(item);
            return Errno.None;
        }
    }

    internal bool Has(FileDescription file, int fd)
    {
        lock (_lock)
            return _items.ContainsKey((file, fd));
    }

    /// <summary>Called under a wait queue's lock.</summary>
    internal void BecameReady(EpollItem item)
    {
        _ready.Add(item);
        WakeAll();
    }

    /// <summary>The file of an item has gone.</summary>
    internal void Forget(EpollItem item)
    {
        lock (_lock)
            Take(item);
    }

    /// <summary>The epolls in this one's interest list, for <see cref="EpollNesting"/>.</summary>
    internal List<EpollFile> Inner()
    {
        var inner = new List<EpollFile>();
        lock (_lock)
        {
            foreach (var item in _items.Values)
            {
                if (item.File is EpollFile epoll)
                    inner.Add(epoll);
            }
        }
        return inner;
    }

    /// <inheritdoc/>
    /// <remarks>Linux: <c>noop_llseek</c>.</remarks>
    public override Result<long> Seek(long offset, SeekWhence whence) => 0;

    /// <inheritdoc/>
    public override PollEvents Poll(PollTable? table) => PollAs(null, table);

    /// <inheritdoc/>
    internal override PollEvents PollAs(GuestThread? thread, PollTable? table)
    {
        table?.Add(_pollers);
        return HasEvents(thread) ? PollEvents.POLLIN | PollEvents.POLLRDNORM : PollEvents.None;
    }

    /// <inheritdoc/>
    protected override void Close()
    {
        lock (_lock)
        {
            foreach (var item in _items.Values)
            {
                item.IsRemoved = true;
                item.Detach();
            }
            _items.Clear();
        }
    }

    private void WakeAll()
    {
        _sleepers.Wake();
        _pollers.Wake();
    }

    /// <summary>Linux: POLLERR and POLLHUP are always waited for.</summary>
    private static EpollEvent WithAlways(EpollEvent wanted) => wanted with { Events = wanted.Events | (uint)(PollEvents.POLLERR | PollEvents.POLLHUP) };

    private void Take(EpollItem item)
    {
        if (item.IsRemoved)
            return;
        item.IsRemoved = true;
        _items.Remove((item.File, item.Fd));
        item.Detach();
        _ready.Remove(item);
    }
}
