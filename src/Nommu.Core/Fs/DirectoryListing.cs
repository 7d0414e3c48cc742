using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>The names of a directory that are kept elsewhere, in an order that stays: who is in the middle of listing sees each name that is there all the time exactly once, whatever comes and goes. The directory's lock is held.</summary>
internal sealed class DirectoryListing
{
    private readonly Dictionary<FileName, Entry> _byName = [];
    private readonly List<Entry> _inOrder = [];
    private long _lastCookie;
    private int _generation;

    internal int Count => _byName.Count;

    /// <summary>Starts to take over what is there now: <see cref="Add"/> for each name, then <see cref="EndUpdate"/>.</summary>
    internal void BeginUpdate() => _generation++;

    internal bool Contains(FileName name) => _byName.TryGetValue(name, out var entry) && entry.Generation == _generation;

    /// <summary>Takes over a name. One that is there already keeps its place.</summary>
    internal void Add(FileName name, ulong ino, InodeMode type)
    {
        if (!_byName.TryGetValue(name, out var entry))
        {
            entry = new Entry(name, ++_lastCookie);
            _byName.Add(name, entry);
            _inOrder.Add(entry);
        }
        (entry.Ino, entry.Type, entry.Generation) = (ino, type, _generation);
    }

    /// <summary>Forgets the names that were not taken over.</summary>
    internal void EndUpdate()
    {
        _inOrder.RemoveAll(entry =>
        {
            if (entry.Generation == _generation)
                return false;
            _byName.Remove(entry.Name);
            return true;
        });
    }

    /// <summary>As <see cref="DirectoryInode.NextEntry"/> has it.</summary>
    internal Result<DirectoryEntry> Next(long cookie)
    {
        int low = 0, high = _inOrder.Count;
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (_inOrder[middle].Cookie <= cookie)
                low = middle + 1;
            else
                high = middle;
        }
        return low < _inOrder.Count ? new DirectoryEntry(_inOrder[low].Name, _inOrder[low].Ino, _inOrder[low].Type, _inOrder[low].Cookie) : Errno.ENOENT;
    }

    private sealed class Entry(FileName name, long cookie)
    {
        internal readonly FileName Name = name;
        internal readonly long Cookie = cookie;
        internal ulong Ino;
        internal InodeMode Type;
        internal int Generation;
    }
}
