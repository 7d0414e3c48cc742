using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Overlayfs;

/// <summary>A directory of an overlay: looking names up and listing them. Linux: fs/overlayfs/namei.c and readdir.c.</summary>
internal sealed partial class OverlayDirectory : DirectoryInode, IOverlayInode
{
    private readonly OverlaySuperBlock _fileSystem;
    private readonly DirectoryListing _names = new();

    internal OverlayDirectory(OverlayNode node) : base(node.FileSystem, node.Ino, node.Real.Inode.Mode, node.Real.Inode.Uid, node.Real.Inode.Gid)
    {
        Node = node;
        _fileSystem = node.FileSystem;
        BirthTime = node.Real.Inode.BirthTime;
        node.Show(this, refresh: false);
        node.Inode = this;
    }

    /// <inheritdoc/>
    public OverlayNode Node { get; }

    /// <inheritdoc/>
    public override bool CachesNames => true;

    /// <inheritdoc/>
    public override long Blocks => Node.Real.Inode.Blocks;

    /// <inheritdoc/>
    public override void Refresh() => Node.Show(this);

    /// <inheritdoc/>
    public override Errno SetAttributes(in AttributeChange change) => Node.SetAttributes(this, change);

    /// <inheritdoc/>
    public override Result<byte[]> GetXattr(FileName name) => Node.GetXattr(name);

    /// <inheritdoc/>
    public override Errno SetXattr(FileName name, byte[] value, XattrFlags flags) => Node.SetXattr(this, name, value, flags);

    /// <inheritdoc/>
    public override Errno RemoveXattr(FileName name) => Node.RemoveXattr(this, name);

    /// <inheritdoc/>
    public override Result<FileName[]> ListXattr() => Node.ListXattr();

    /// <inheritdoc/>
    public override Result<Inode> Lookup(FileName name)
    {
        var found = FindLayers(name, out var upper, out var lowers);
        return found == Errno.None ? _fileSystem.Get(new OverlayNode(_fileSystem, Node, name, upper, lowers)) : found;
    }

    /// <inheritdoc/>
    public override Result<DirectoryEntry> NextEntry(long cookie)
    {
        var error = cookie == 0 ? ReadNames() : Errno.None;
        return error == Errno.None ? _names.Next(cookie) : error;
    }

    /// <summary>Linux: <c>ovl_lookup</c>. A directory goes on below, until something covers what is there; anything else is found once.</summary>
    private Errno FindLayers(FileName name, out OverlayPath? upper, out OverlayPath[] lowers)
    {
        upper = null;
        lowers = [];
        if (Node.Upper is { } directory)
        {
            var error = directory.Find(name) is var found && found.TryGet(out upper) ? Errno.None : found.Error;
            if (error is not (Errno.None or Errno.ENOENT))
                return error;
            if (upper is not null && OverlayMarks.IsWhiteout(upper.Inode))
                return Errno.ENOENT;
            if (upper is not null && (upper.Inode is not DirectoryInode || OverlayMarks.IsOpaque(upper.Inode)))
                return Errno.None;
        }
        var below = new List<OverlayPath>();
        foreach (var layer in Node.Lowers)
        {
            var found = layer.Find(name);
            if (!found.TryGet(out var path))
            {
                if (found.Error == Errno.ENOENT)
                    continue;
                return found.Error;
            }
            var isDirectory = path.Inode is DirectoryInode;
            // A file ends what is merged: below it, or under a directory, it does not show.
            if (OverlayMarks.IsWhiteout(path.Inode) || (!isDirectory && (upper is not null || below.Count > 0)))
                break;
            below.Add(path);
            if (!isDirectory || OverlayMarks.IsOpaque(path.Inode))
                break;
        }
        lowers = [.. below];
        return upper is null && below.Count == 0 ? Errno.ENOENT : Errno.None;
    }

    /// <summary>Whether a name would show again without anything in the upper layer.</summary>
    private Result<bool> IsBelow(FileName name)
    {
        foreach (var layer in Node.Lowers)
        {
            var found = layer.Find(name);
            if (found.TryGet(out var path))
                return !OverlayMarks.IsWhiteout(path.Inode);
            if (found.Error != Errno.ENOENT)
                return found.Error;
        }
        return false;
    }

    private Errno ReadNames()
    {
        _names.BeginUpdate();
        var gone = new HashSet<FileName>();
        var error = Node.Upper is { } upper ? ReadNames(upper, gone, isUpper: true) : Errno.None;
        foreach (var lower in Node.Lowers)
        {
            if (error == Errno.None)
                error = ReadNames(lower, gone, isUpper: false);
        }
        if (error == Errno.None)
            _names.EndUpdate();
        return error;
    }

    private Errno ReadNames(OverlayPath layer, HashSet<FileName> gone, bool isUpper)
    {
        var directory = layer.Dentry.Directory!;
        var entries = new List<DirectoryEntry>();
        lock (directory.NamesLock)
        {
            long cookie = 0;
            Result<DirectoryEntry> next;
            while ((next = directory.NextEntry(cookie)).TryGet(out var entry))
            {
                entries.Add(entry);
                cookie = entry.Cookie;
            }
            if (next.Error != Errno.ENOENT)
                return next.Error;
        }
        foreach (var entry in entries)
        {
            if (gone.Contains(entry.Name) || _names.Contains(entry.Name))
                continue;
            if (entry.Type == InodeMode.S_IFCHR && layer.Find(entry.Name) is { IsOk: true } device && OverlayMarks.IsWhiteout(device.Value.Inode))
                gone.Add(entry.Name);
            else
                _names.Add(entry.Name, isUpper ? InoInUpper(layer, entry) : OverlaySuperBlock.InoOf(layer.Layer, entry.Ino), entry.Type);
        }
        return Errno.None;
    }

    /// <summary>What stat says: of what was copied up, and of a directory together with one below, the number of that below.</summary>
    private ulong InoInUpper(OverlayPath layer, in DirectoryEntry entry)
    {
        if (entry.Type == InodeMode.S_IFDIR && Node.Lowers.Length > 0 && FindLayers(entry.Name, out var upper, out var lowers) == Errno.None)
            return _fileSystem.InoOf(upper, lowers);
        return layer.Find(entry.Name).TryGet(out var path) ? _fileSystem.InoOf(path, []) : OverlaySuperBlock.InoOf(layer.Layer, entry.Ino);
    }
}
