namespace Nommu.Core.Fs;

/// <summary>Who is told of an open file's events without holding it: Linux's <c>f_ep</c> and <c>f_owner</c>.</summary>
public abstract partial class FileDescription
{
    private FileWatchers? _watchers;
    private FileNotification? _notification;

    /// <summary>Linux: <c>file_can_poll</c>. Files and directories are always ready, and epoll_ctl(2) refuses them.</summary>
    internal virtual bool CanPoll => Inode is not (RegularInode or DirectoryInode);

    /// <summary>F_SETOWN, F_SETSIG and O_ASYNC: who gets a signal when the file becomes ready; null where nobody has asked.</summary>
    internal FileNotification? ExistingNotification => Volatile.Read(ref _notification);

    internal FileNotification Notification => ExistingNotification ?? Interlocked.CompareExchange(ref _notification, new FileNotification(this), null) ?? _notification!;

    /// <summary>Who is told when the last reference goes. Null where nobody has asked.</summary>
    internal FileWatchers? ExistingWatchers => Volatile.Read(ref _watchers);

    internal FileWatchers Watchers => ExistingWatchers ?? Interlocked.CompareExchange(ref _watchers, new FileWatchers(), null) ?? _watchers!;

    /// <summary>Gives a reference back unless it is the last.</summary>
    internal bool TryReleaseShared()
    {
        int old;
        do
        {
            old = Volatile.Read(ref _references);
            if (old == 1)
                return false;
        }
        while (Interlocked.CompareExchange(ref _references, old - 1, old) != old);
        return true;
    }

    private void ForgetWatchers()
    {
        ExistingNotification?.Stop();
        ExistingWatchers?.Tell();
    }
}

/// <summary>Linux: the list that hangs on <c>f_ep</c>.</summary>
internal sealed class FileWatchers
{
    private readonly Lock _lock = new();
    private readonly List<IFileWatcher> _list = [];

    /// <summary>The caller has a reference to the file.</summary>
    internal void Add(IFileWatcher watcher)
    {
        lock (_lock)
            _list.Add(watcher);
    }

    internal void Remove(IFileWatcher watcher)
    {
        lock (_lock)
            _list.Remove(watcher);
    }

    internal IFileWatcher[] Snapshot()
    {
        lock (_lock)
            return [.. _list];
    }

    /// <summary>The file is gone.</summary>
    internal void Tell()
    {
        foreach (var watcher in Snapshot())
            watcher.FileReleased();
    }
}

/// <summary>Linux: <c>epitem</c>, as the file it watches sees it.</summary>
internal interface IFileWatcher
{
    /// <summary>The file is gone; called with no lock held.</summary>
    void FileReleased();
}
