using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Fs.Tmpfs;

/// <summary>Who has mapped it. Linux: <c>i_mmap</c>.</summary>
internal sealed partial class TmpfsFile
{
    /// <summary>Linux: <c>i_rwsem</c>. Held while a file that is mapped gets another size, until all who have mapped it see that: before a mapper's lock, which is before that of the content.</summary>
    private readonly Lock _resizing = new();

    /// <summary>Where the file is about to end: its mappings have pages up to there before its size says so. 0 most of the time.</summary>
    private long _growingTo;

    /// <summary>How many mappings each has.</summary>
    private readonly Dictionary<IFileMapper, int> _mappers = [];
    private int _mappings;
    private int _writableMappings;

    /// <inheritdoc/>
    public IHostFile Backing => _fileSystem.Store.File;

    /// <inheritdoc/>
    public Errno Map(bool forWriting, IFileMapper? mapper)
    {
        lock (_content)
        {
            if (forWriting && (_seals & (MemfdSeals.F_SEAL_WRITE | MemfdSeals.F_SEAL_FUTURE_WRITE)) != 0)
                return Errno.EPERM;
            _mappings++;
            if (forWriting)
                _writableMappings++;
            if (mapper is not null)
                _mappers[mapper] = _mappers.GetValueOrDefault(mapper) + 1;
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno Locate(long offset, long length, List<MappedRun> runs)
    {
        lock (_content)
        {
            // What lies wholly behind the end of the file, be it ever so far, has no pages.
            var end = Math.Min(offset + length, PageUp(Math.Max(_size, _growingTo)));
            var error = offset < end ? FillHoles(offset, end) : Errno.None;
            if (error != Errno.None)
                return error;
            while (offset < end)
            {
                _pages.Find((int)(offset >> PageStore.PageShift), out var storePage, out var count);
                var bytes = Math.Min((long)count << PageStore.PageShift, end - offset);
                var run = new MappedRun(offset, (long)storePage << PageStore.PageShift, bytes);
                if (runs.Count > 0 && runs[^1].JoinsWith(run))
                    runs[^1] = runs[^1] with { Length = runs[^1].Length + bytes };
                else
                    runs.Add(run);
                offset += bytes;
            }
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public void Unmap(bool forWriting, IFileMapper? mapper)
    {
        lock (_content)
        {
            if (forWriting)
                _writableMappings--;
            if (mapper is not null && --_mappers[mapper] == 0)
                _mappers.Remove(mapper);
            // What was cut off while a mapping could still see it goes now.
            if (--_mappings == 0)
                Cut(Math.Max(_size, _growingTo), MaximumSize);
        }
    }

    private static long PageUp(long size) => (size + PageStore.PageSize - 1) & -PageStore.PageSize;

    /// <summary>The file ends elsewhere: whoever has mapped what lies between sees it as it is. Without the content's lock.</summary>
    /// <returns>False where somebody may still see old pages.</returns>
    private bool ShowResized(long oldSize, long newSize)
    {
        var (start, end) = (PageUp(Math.Min(oldSize, newSize)), PageUp(Math.Max(oldSize, newSize)));
        IFileMapper[] mappers;
        lock (_content)
        {
            if (start == end || _mappings == 0)
                return true;
            mappers = [.. _mappers.Keys.Where(static mapper => mapper.TryRetain())];
        }
        var isShown = true;
        foreach (var mapper in mappers)
        {
            isShown &= mapper.Show(this, start, end);
            mapper.Release();
        }
        return isShown;
    }

    /// <summary>The file has become longer: its mappings see what is new, and only then its size tells. With the lock for that held, without the content's.</summary>
    private void Publish(long oldSize, long newSize)
    {
        if (newSize <= oldSize)
            return;
        ShowResized(oldSize, newSize);
        lock (_content)
        {
            Volatile.Write(ref _size, newSize);
            _growingTo = 0;
        }
    }

    /// <summary>Gives back what lies behind the end, when all mappings have been shown that it does. Not while somebody keeps the pages for no mapping (System V's).</summary>
    private void FreeBehindEnd()
    {
        lock (_content)
        {
            if (_mappings == _mappers.Values.Sum())
                _fileSystem.Uncharge(_pages.Remove((int)(PageUp(_size) >> PageStore.PageShift), int.MaxValue));
        }
    }
}
