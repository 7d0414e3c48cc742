namespace Nommu.Core.Fs;

/// <summary>
/// Linux: <c>struct dentry</c>. A name in a directory with the inode behind it. Differs: only names that exist have one (a miss asks the file system), and the collector counts the references.
/// </summary>
/// <remarks>
/// Children are found without a lock. They change under the lock of the directory's inode; a reader that races with a change may miss a child and then asks again under that lock.
/// </remarks>
public sealed class Dentry
{
    private DentryTable? _children;
    private DentryPlace _place;
    private int _mountCount;

    /// <summary>The root of a file system, or a name outside of any tree (pipe, memfd): it is its own parent.</summary>
    internal Dentry(Inode inode, FileName name)
    {
        Inode = inode;
        _place = new DentryPlace(this, name, this);
    }

    internal Dentry(Dentry parent, FileName name, Inode inode)
    {
        Inode = inode;
        _place = new DentryPlace(parent, name, this);
    }

    /// <summary>What the name stands for.</summary>
    public Inode Inode { get; }

    /// <summary>The directory; the dentry itself at a root.</summary>
    public Dentry Parent => Volatile.Read(ref _place).Parent;

    /// <summary>The last known name.</summary>
    public FileName Name => Volatile.Read(ref _place).Name;

    /// <summary>True at the root of a file system.</summary>
    public bool IsRoot => Parent == this;

    /// <summary>True once the name has been removed.</summary>
    public bool IsDeleted { get; private set; }

    /// <summary>True when something is mounted here, in whatever namespace.</summary>
    internal bool IsMountPoint => Volatile.Read(ref _mountCount) != 0;

    internal DirectoryInode? Directory => Inode as DirectoryInode;

    internal Dentry? FindChild(ReadOnlySpan<byte> name, uint hash) => Volatile.Read(ref _children)?.Find(name, hash);

    /// <summary>Makes this dentry findable. The directory's lock is held.</summary>
    internal void Hash()
    {
        var parent = Parent;
        (parent._children ??= new DentryTable()).Add(_place);
    }

    /// <summary>Removes the name: rmdir, unlink. The directory's lock is held.</summary>
    internal void Delete()
    {
        IsDeleted = true;
        Parent._children?.Remove(_place);
    }

    /// <summary>Forgets the cached name without saying that the file is gone. The directory's lock is held.</summary>
    internal void Unhash() => Parent._children?.Remove(_place);

    /// <summary>Renames. The locks of both directories are held.</summary>
    internal void Move(Dentry parent, FileName name)
    {
        var wasHashed = Parent._children?.Remove(_place) ?? false;
        Volatile.Write(ref _place, new DentryPlace(parent, name, this));
        if (wasHashed || parent.Directory!.CachesNames)
            Hash();
    }

    internal void AddMount() => Interlocked.Increment(ref _mountCount);

    internal void RemoveMount() => Interlocked.Decrement(ref _mountCount);

    /// <summary>True when this is <paramref name="ancestor"/> or below it.</summary>
    internal bool IsWithin(Dentry ancestor)
    {
        var dentry = this;
        while (dentry != ancestor)
        {
            if (dentry.IsRoot)
                return false;
            dentry = dentry.Parent;
        }
        return true;
    }
}

/// <summary>Parent and name in one immutable piece, so that a reader never sees one of them renamed and the other not; also the node of the parent's hash chain.</summary>
internal sealed class DentryPlace(Dentry parent, FileName name, Dentry dentry)
{
    internal readonly Dentry Parent = parent;
    internal readonly FileName Name = name;
    internal readonly Dentry Dentry = dentry;
    internal DentryPlace? Next;
}
