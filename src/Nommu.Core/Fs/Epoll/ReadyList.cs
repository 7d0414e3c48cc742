namespace Nommu.Core.Fs.Epoll;

/// <summary>Linux: <c>rdllist</c>. The items of an epoll that may have events, oldest first, each once.</summary>
/// <remarks>Its lock is a leaf: items are added from under the locks of wait queues.</remarks>
internal sealed class ReadyList
{
    private readonly Lock _lock = new();
    private EpollItem? _first;
    private EpollItem? _last;
    private int _count;

    internal bool IsEmpty => Volatile.Read(ref _count) == 0;

    internal int Count => Volatile.Read(ref _count);

    internal void Add(EpollItem item)
    {
        lock (_lock)
        {
            if (item.IsReady)
                return;
            item.IsReady = true;
            item.PreviousReady = _last;
            item.NextReady = null;
            if (_last is null)
                _first = item;
            else
                _last.NextReady = item;
            _last = item;
            _count++;
        }
    }

    internal void AddFirst(EpollItem item)
    {
        lock (_lock)
        {
            if (item.IsReady)
                return;
            item.IsReady = true;
            item.NextReady = _first;
            item.PreviousReady = null;
            if (_first is null)
                _last = item;
            else
                _first.PreviousReady = item;
            _first = item;
            _count++;
        }
    }

    internal EpollItem? TakeFirst()
    {
        lock (_lock)
        {
            if (_first is { } item)
                Unlink(item);
            else
                item = null;
            return item;
        }
    }

    internal void Remove(EpollItem item)
    {
        lock (_lock)
        {
            if (item.IsReady)
                Unlink(item);
        }
    }

    private void Unlink(EpollItem item)
    {
        if (item.PreviousReady is null)
            _first = item.NextReady;
        else
            item.PreviousReady.NextReady = item.NextReady;
        if (item.NextReady is null)
            _last = item.PreviousReady;
        else
            item.NextReady.PreviousReady = item.PreviousReady;
        item.NextReady = item.PreviousReady = null;
        item.IsReady = false;
        _count--;
    }
}
