using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Fs.Tmpfs;

/// <summary>Linux: a regular file of mm/shmem.c. Its content lies in the kernel's page store.</summary>
internal sealed partial class TmpfsFile : RegularInode, IMappable
{
    /// <summary>Linux: MAX_LFS_FILESIZE, cut to what an int of pages can number.</summary>
    internal const long MaximumSize = (long)int.MaxValue << PageStore.PageShift;

    private readonly TmpfsSuperBlock _fileSystem;
    private readonly Lock _content = new();
    private readonly PageExtents _pages;
    private readonly XattrTable _xattrs = new();
    private long _size;

    internal TmpfsFile(TmpfsSuperBlock fileSystem, in CreateRequest request) : base(fileSystem, fileSystem.NextIno(), request.Mode, request.Uid, request.Gid)
    {
        _fileSystem = fileSystem;
        _pages = new PageExtents(fileSystem.Store);
    }

    /// <inheritdoc/>
    public override long Size
    {
        get => Volatile.Read(ref _size);
        protected set => Volatile.Write(ref _size, value);
    }

    /// <inheritdoc/>
    internal override InodeFlags SettableFlags => TmpfsSuperBlock.KnownFlags;

    /// <inheritdoc/>
    public override long Blocks => (long)_pages.PageCount * (PageStore.PageSize / 512);

    /// <inheritdoc/>
    public override Result<FileDescription> Open(in OpenRequest request) => new TmpfsOpenFile(this, request.Path, request.Flags);

    /// <summary>Takes the name away that a file without one never had.</summary>
    internal void MakeUnnamed() => NumberOfLinks = 0;

    internal Result<long> Read(ref IoVector to, long position)
    {
        long done = 0;
        lock (_content)
        {
            var left = Math.Min(to.Remaining, _size - position);
            while (left > 0 && !to.Faulted)
            {
                var page = (int)(position >> PageStore.PageShift);
                var offset = (int)position & (PageStore.PageSize - 1);
                _pages.Find(page, out var storePage, out var count);
                var piece = Math.Min(left, Math.Min(((long)count << PageStore.PageShift) - offset, 1 << 22));
                var moved = storePage < 0 ? to.FillZero(piece) : to.CopyTo(_fileSystem.Store.Span(storePage, offset, (int)piece));
                done += moved;
                position += moved;
                left -= moved;
            }
        }
        return done == 0 && to.Faulted ? Errno.EFAULT : done;
    }

    /// <summary>Writes at a position, or at the end, which moves the position.</summary>
    internal Result<long> Write(ref IoVector from, ref long position, bool append)
    {
        if (from.Remaining == 0)
            return 0;
        if (Volatile.Read(ref _mappings) == 0 && TryWrite(ref from, ref position, append, isMapped: false, out _) is { } result)
            return result;
        lock (_resizing)
        {
            var oldSize = _size;
            var written = TryWrite(ref from, ref position, append, isMapped: true, out var newSize);
            Publish(oldSize, newSize);
            return written!.Value;
        }
    }

    /// <param name="from">What.</param>
    /// <param name="position">Where to.</param>
    /// <param name="append">To the end.</param>
    /// <param name="isMapped">The caller holds the lock for resizing and publishes the new size.</param>
    /// <param name="newSize">What that is.</param>
    /// <returns>Null where somebody has mapped the file meanwhile and the lock is needed.</returns>
    private Result<long>? TryWrite(ref IoVector from, ref long position, bool append, bool isMapped, out long newSize)
    {
        long done = 0;
        var error = Errno.None;
        lock (_content)
        {
            newSize = _size;
            if (!isMapped && _mappings > 0)
                return null;
            if (append)
                position = _size;
            if (position >= MaximumSize)
                return (Result<long>)Errno.EFBIG;
            var left = Math.Min(from.Remaining, MaximumSize - position);
            // A write over the end of what may not grow fills the pages before: Linux looks page by page.
            if ((_seals & MemfdSeals.F_SEAL_GROW) != 0 && position + left > _size && position < (_size & -PageStore.PageSize))
                left = (_size & -PageStore.PageSize) - position;
            error = CheckSeals(position + left > _size, isWrite: true);
            if (error != Errno.None)
                return (Result<long>)error;
            // A mapping may have written behind the end of the last page; a longer file must not show it.
            if (position > _size && _mappings > 0)
                ClearPart(_size, Math.Min(position, PageUp(_size)));
            while (left > 0 && !from.Faulted)
            {
                var page = (int)(position >> PageStore.PageShift);
                var offset = (int)position & (PageStore.PageSize - 1);
                _pages.Find(page, out var storePage, out var count);
                if (storePage < 0)
                {
                    error = FillHole(page, Math.Min(count, (int)Math.Min((offset + left + PageStore.PageSize - 1) >> PageStore.PageShift, 1 << 10)));
                    if (error != Errno.None)
                        break;
                    continue;
                }
                var piece = (int)Math.Min(left, Math.Min(((long)count << PageStore.PageShift) - offset, 1 << 22));
                var moved = from.CopyFrom(_fileSystem.Store.Span(storePage, offset, piece));
                done += moved;
                position += moved;
                left -= moved;
                newSize = Math.Max(newSize, position);
            }
            if (isMapped)
                _growingTo = newSize > _size ? newSize : 0;
            else
                Volatile.Write(ref _size, newSize);
        }
        if (done == 0)
            return (Result<long>)(from.Faulted ? Errno.EFAULT : error);
        TouchModified();
        return (Result<long>)done;
    }

    /// <inheritdoc/>
    public override Errno Truncate(long size)
    {
        if (size > MaximumSize)
            return Errno.EFBIG;
        lock (_resizing)
        {
            var error = Resize(size, out var oldSize);
            if (error != Errno.None)
                return error;
            Publish(oldSize, size);
            if (size < oldSize && ShowResized(oldSize, size))
                FreeBehindEnd();
        }
        TouchModified();
        return Errno.None;
    }

    /// <summary>What gets shorter is so at once.</summary>
    private Errno Resize(long size, out long oldSize)
    {
        lock (_content)
        {
            oldSize = _size;
            if (size == _size)
                return Errno.None;
            var error = CheckSeals(size > _size, isWrite: false);
            if (error != Errno.None)
                return error;
            if (size > _size)
            {
                GrowTo(size);
                return Errno.None;
            }
            Cut(size, _size);
            Volatile.Write(ref _size, size);
            return Errno.None;
        }
    }

    /// <summary>As in a write behind the end.</summary>
    private void GrowTo(long size)
    {
        if (_mappings > 0)
            ClearPart(_size, PageUp(_size));
        _growingTo = size;
    }

    /// <summary>fallocate(2).</summary>
    internal Errno Allocate(FallocateMode mode, long offset, long length)
    {
        if (offset + length > MaximumSize || offset + length < 0)
            return Errno.EFBIG;
        lock (_resizing)
        {
            var error = Allocate(mode, offset, length, out var oldSize, out var newSize);
            if (error != Errno.None)
                return error;
            Publish(oldSize, newSize);
        }
        TouchModified();
        return Errno.None;
    }

    private Errno Allocate(FallocateMode mode, long offset, long length, out long oldSize, out long newSize)
    {
        lock (_content)
        {
            oldSize = newSize = _size;
            Errno error;
            switch (mode)
            {
                case FallocateMode.FALLOC_FL_PUNCH_HOLE | FallocateMode.FALLOC_FL_KEEP_SIZE:
                    error = CheckSeals(grows: false, isWrite: true);
                    if (error == Errno.None)
                        Cut(offset, Math.Min(offset + length, MaximumSize));
                    return error;
                case FallocateMode.None or FallocateMode.FALLOC_FL_KEEP_SIZE:
                    var end = offset + length;
                    var grows = end > _size && mode == FallocateMode.None;
                    error = grows ? CheckSeals(grows: true, isWrite: false) : Errno.None;
                    if (error == Errno.None)
                        error = FillHoles(offset, end);
                    if (error != Errno.None || !grows)
                        return error;
                    GrowTo(end);
                    newSize = end;
                    return Errno.None;
                default:
                    return Errno.EOPNOTSUPP;
            }
        }
    }

    /// <summary>SEEK_DATA and SEEK_HOLE.</summary>
    internal Result<long> SeekContent(long offset, bool data)
    {
        lock (_content)
        {
            if (offset < 0 || offset >= _size)
                return Errno.ENXIO;
            while (offset < _size)
            {
                var page = (int)(offset >> PageStore.PageShift);
                _pages.Find(page, out var storePage, out var count);
                if (storePage >= 0 == data)
                    return offset;
                offset = ((long)page + count) << PageStore.PageShift;
            }
            return data ? Errno.ENXIO : _size;
        }
    }

    /// <inheritdoc/>
    public override Result<byte[]> GetXattr(FileName name) => _xattrs.Get(name);

    /// <inheritdoc/>
    public override Errno SetXattr(FileName name, byte[] value, XattrFlags flags) => _xattrs.Set(name, value, flags, this);

    /// <inheritdoc/>
    public override Errno RemoveXattr(FileName name) => _xattrs.Remove(name, this);

    /// <inheritdoc/>
    public override Result<FileName[]> ListXattr() => _xattrs.List();

    /// <inheritdoc/>
    protected override void Evict()
    {
        lock (_content)
            _fileSystem.Uncharge(_pages.Remove(0, int.MaxValue));
        _fileSystem.RemoveInode();
    }

    /// <summary>Gives back every page, when the file system goes.</summary>
    internal void Discard()
    {
        lock (_content)
        {
            if (_mappings == 0)
                _fileSystem.Uncharge(_pages.Remove(0, int.MaxValue));
        }
    }

    private Errno FillHoles(long offset, long end)
    {
        var page = (int)(offset >> PageStore.PageShift);
        var endPage = (int)((end + PageStore.PageSize - 1) >> PageStore.PageShift);
        while (page < endPage)
        {
            _pages.Find(page, out var storePage, out var count);
            count = Math.Min(count, endPage - page);
            if (storePage < 0)
            {
                var before = _pages.PageCount;
                var error = FillHole(page, Math.Min(count, 1 << 10));
                if (error != Errno.None)
                    return error;
                count = _pages.PageCount - before;
            }
            page += count;
        }
        return Errno.None;
    }

    private Errno FillHole(int page, int wanted)
    {
        // With less room than is wanted, what fits is filled: a write answers what it could do.
        var charged = _fileSystem.Charge(wanted);
        if (charged == 0)
            return Errno.ENOSPC;
        var filled = _pages.Fill(page, charged);
        _fileSystem.Uncharge(charged - filled);
        return filled == 0 ? Errno.ENOSPC : Errno.None;
    }

    /// <summary>Makes a range read as zeros, giving back its whole pages unless a mapping sees them.</summary>
    private void Cut(long start, long end)
    {
        var firstWhole = (start + PageStore.PageSize - 1) & -PageStore.PageSize;
        // What lies behind the end of the file is zero already, so a cut up to the end takes the last page whole.
        var endWhole = end >= _size ? (end + PageStore.PageSize - 1) & -PageStore.PageSize : end & -PageStore.PageSize;
        if (firstWhole > endWhole)
        {
            ClearPart(start, end);
            return;
        }
        ClearPart(start, Math.Min(firstWhole, end));
        ClearPart(endWhole, end);
        if (_mappings > 0)
            ClearPart(firstWhole, endWhole);
        else
            _fileSystem.Uncharge(_pages.Remove((int)(firstWhole >> PageStore.PageShift), end >= _size ? int.MaxValue : (int)(endWhole >> PageStore.PageShift)));
    }

    private void ClearPart(long start, long end)
    {
        while (start < end)
        {
            var offset = (int)start & (PageStore.PageSize - 1);
            _pages.Find((int)(start >> PageStore.PageShift), out var storePage, out var count);
            var piece = Math.Min(end - start, ((long)count << PageStore.PageShift) - offset);
            if (storePage >= 0)
                _fileSystem.Store.Span(storePage, offset, (int)piece).Clear();
            start += piece;
        }
    }
}
