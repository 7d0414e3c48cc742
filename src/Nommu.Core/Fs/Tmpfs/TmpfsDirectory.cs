using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Tmpfs;

/// <summary>Linux: a directory of mm/shmem.c. Entries are listed in the order of their creation; an entry keeps its cookie while it lives.</summary>
internal sealed class TmpfsDirectory : DirectoryInode
{
    /// <summary>Linux: BOGO_DIRENT_SIZE: what an entry adds to the size of a directory; an empty one has two of them.</summary>
    private const int EntrySize = 20;

    private readonly TmpfsSuperBlock _fileSystem;
    private readonly Dictionary<FileName, Entry> _byName = [];
    private readonly List<Entry> _inOrder = [];
    private readonly XattrTable _xattrs = new();
    private long _lastCookie;

    internal TmpfsDirectory(TmpfsSuperBlock fileSystem, in CreateRequest request) : base(fileSystem, fileSystem.NextIno(), request.Mode, request.Uid, request.Gid)
    {
        _fileSystem = fileSystem;
        Size = 2 * EntrySize;
    }

    /// <inheritdoc/>
    public override bool CachesNames => true;

    /// <inheritdoc/>
    internal override InodeFlags SettableFlags => TmpfsSuperBlock.KnownFlags;

    /// <inheritdoc/>
    public override long Blocks => 0;

    /// <inheritdoc/>
    public override Result<Inode> Lookup(FileName name) => _byName.TryGetValue(name, out var entry) ? entry.Inode : Errno.ENOENT;

    /// <inheritdoc/>
    public override Result<DirectoryEntry> NextEntry(long cookie)
    {
        for (var index = IndexAfter(cookie); index < _inOrder.Count; index++)
        {
            var entry = _inOrder[index];
            if (!entry.IsGone)
                return new DirectoryEntry(entry.Name, entry.Inode.Ino, entry.Inode.Type, entry.Cookie);
        }
        return Errno.ENOENT;
    }

    /// <inheritdoc/>
    public override Result<Inode> Create(FileName name, in CreateRequest request) =>
        _fileSystem.TryAddInode() ? Add(name, new TmpfsFile(_fileSystem, request) { Flags = Flags & InodeFlagOperations.Inherited }) : Errno.ENOSPC;

    /// <inheritdoc/>
    public override Result<Inode> MakeDirectory(FileName name, in CreateRequest request)
    {
        if (!_fileSystem.TryAddInode())
            return Errno.ENOSPC;
        AddLinks(1);
        return Add(name, new TmpfsDirectory(_fileSystem, request) { Flags = Flags & InodeFlagOperations.Inherited });
    }

    /// <inheritdoc/>
    public override Result<Inode> MakeNode(FileName name, in CreateRequest request, DeviceNumber device) =>
        _fileSystem.TryAddInode() ? Add(name, new TmpfsNode(_fileSystem, request, device)) : Errno.ENOSPC;

    /// <inheritdoc/>
    public override Result<Inode> MakeSymlink(FileName name, ReadOnlySpan<byte> target, in CreateRequest request) =>
        _fileSystem.TryAddInode() ? Add(name, new TmpfsSymlink(_fileSystem, request, target.ToArray())) : Errno.ENOSPC;

    /// <inheritdoc/>
    public override Result<Inode> CreateUnnamed(in CreateRequest request)
    {
        if (!_fileSystem.TryAddInode())
            return Errno.ENOSPC;
        var file = new TmpfsFile(_fileSystem, request);
        file.MakeUnnamed();
        return file;
    }

    /// <inheritdoc/>
    public override Errno Link(FileName name, Inode inode)
    {
        inode.AddLinks(1);
        Add(name, inode);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Unlink(FileName name, Inode inode)
    {
        Remove(name);
        inode.AddLinks(-1);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno RemoveDirectory(FileName name, DirectoryInode directory)
    {
        if (((TmpfsDirectory)directory)._byName.Count != 0)
            return Errno.ENOTEMPTY;
        Remove(name);
        AddLinks(-1);
        directory.AddLinks(-2);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Rename(FileName name, Inode inode, DirectoryInode toDirectory, FileName toName, Inode? replaced, RenameFlags flags)
    {
        var target = (TmpfsDirectory)toDirectory;
        if ((flags & RenameFlags.RENAME_EXCHANGE) != 0)
        {
            Replace(name, replaced!);
            target.Replace(toName, inode);
            MoveDots(this, target, inode);
            MoveDots(target, this, replaced!);
            inode.TouchChanged();
            replaced!.TouchChanged();
            return Errno.None;
        }
        if (replaced is TmpfsDirectory { _byName.Count: > 0 })
            return Errno.ENOTEMPTY;
        Remove(name);
        if (replaced is null)
            target.Add(toName, inode);
        else
            target.Replace(toName, inode);
        MoveDots(this, target, inode);
        inode.TouchChanged();
        if (replaced is DirectoryInode)
        {
            target.AddLinks(-1);
            replaced.AddLinks(-2);
        }
        else
        {
            replaced?.AddLinks(-1);
        }
        return Errno.None;
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
    protected override void Evict() => _fileSystem.RemoveInode();

    /// <summary>Gives back the content of everything below, when the file system goes. Not by recursion: guests nest directories as deep as they like.</summary>
    internal void DiscardAll()
    {
        var left = new Stack<TmpfsDirectory>([this]);
        while (left.TryPop(out var directory))
        {
            foreach (var entry in directory._byName.Values)
            {
                if (entry.Inode is TmpfsDirectory child)
                    left.Push(child);
                else if (entry.Inode is TmpfsFile file)
                    file.Discard();
            }
        }
    }

    private static void MoveDots(TmpfsDirectory from, TmpfsDirectory to, Inode moved)
    {
        if (moved is not DirectoryInode || from == to)
            return;
        from.AddLinks(-1);
        to.AddLinks(1);
    }

    private Result<Inode> Add(FileName name, Inode inode)
    {
        var entry = new Entry(name, inode, ++_lastCookie);
        _byName[name] = entry;
        _inOrder.Add(entry);
        Resize(EntrySize);
        return inode;
    }

    private void Replace(FileName name, Inode inode)
    {
        _byName[name].Inode = inode;
        TouchModified();
    }

    private void Remove(FileName name)
    {
        if (!_byName.Remove(name, out var entry))
            return;
        entry.IsGone = true;
        if (_inOrder.Count > 2 * _byName.Count + 16)
            _inOrder.RemoveAll(old => old.IsGone);
        Resize(-EntrySize);
    }

    private void Resize(int change)
    {
        Size += change;
        TouchModified();
    }

    private int IndexAfter(long cookie)
    {
        var low = 0;
        var high = _inOrder.Count;
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (_inOrder[middle].Cookie <= cookie)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private sealed class Entry(FileName name, Inode inode, long cookie)
    {
        internal FileName Name { get; } = name;

        internal Inode Inode { get; set; } = inode;

        internal long Cookie { get; } = cookie;

        internal bool IsGone { get; set; }
    }
}
