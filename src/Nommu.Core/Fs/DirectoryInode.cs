using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>
/// Linux: the <c>inode_operations</c> of a directory and its <c>iterate_shared</c>. Differs: listing is a pull, one entry at a time, and the dots are not the file system's business.
/// </summary>
/// <remarks>Every operation is called with <see cref="NamesLock"/> held, with checked names (never empty, a dot, too long), and where it creates, with a name that <see cref="Lookup"/> has just missed.</remarks>
public abstract class DirectoryInode : Inode
{
    /// <inheritdoc/>
    protected DirectoryInode(SuperBlock superBlock, ulong ino, InodeMode mode, uint uid, uint gid)
        : base(superBlock, ino, InodeMode.S_IFDIR | (mode & InodeMode.Permissions), uid, gid) => NumberOfLinks = 2;

    /// <summary>Linux: <c>i_rwsem</c> of a directory. Held while names in it are looked up or changed.</summary>
    protected internal Lock NamesLock { get; } = new();

    /// <summary>True where names change only through these operations, so that what was looked up may be remembered.</summary>
    public virtual bool CachesNames => false;

    /// <summary>True once it was removed: it can be listed, but nothing can be created in it.</summary>
    public bool IsDead { get; internal set; }

    /// <summary>Finds a name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>Its inode or ENOENT.</returns>
    public abstract Result<Inode> Lookup(FileName name);

    /// <summary>Finds the first entry behind a cookie.</summary>
    /// <param name="cookie">0 for the first of all, else an earlier entry's <see cref="DirectoryEntry.Cookie"/>. A cookie stays good while entries come and go.</param>
    /// <returns>The entry, or ENOENT at the end.</returns>
    public abstract Result<DirectoryEntry> NextEntry(long cookie);

    /// <summary>Creates a regular file.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="request">Mode and owner.</param>
    /// <returns>The new inode.</returns>
    public virtual Result<Inode> Create(FileName name, in CreateRequest request) => Errno.EPERM;

    /// <summary>Creates a directory.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="request">Mode and owner.</param>
    /// <returns>The new inode.</returns>
    public virtual Result<Inode> MakeDirectory(FileName name, in CreateRequest request) => Errno.EPERM;

    /// <summary>Creates a fifo, a socket or a device node.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="request">Mode with type, and owner.</param>
    /// <param name="device">Device number.</param>
    /// <returns>The new inode.</returns>
    public virtual Result<Inode> MakeNode(FileName name, in CreateRequest request, DeviceNumber device) => Errno.EPERM;

    /// <summary>Creates a symbolic link.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="target">Where it points; not empty.</param>
    /// <param name="request">Owner.</param>
    /// <returns>The new inode.</returns>
    public virtual Result<Inode> MakeSymlink(FileName name, ReadOnlySpan<byte> target, in CreateRequest request) => Errno.EPERM;

    /// <summary>Creates a file without a name (O_TMPFILE).</summary>
    /// <param name="request">Mode and owner.</param>
    /// <returns>The new inode, with no links.</returns>
    public virtual Result<Inode> CreateUnnamed(in CreateRequest request) => Errno.EOPNOTSUPP;

    /// <summary>Gives an inode of this file system another name.</summary>
    /// <param name="name">The new name.</param>
    /// <param name="inode">Not a directory.</param>
    /// <returns>EMLINK, ENOSPC.</returns>
    public virtual Errno Link(FileName name, Inode inode) => Errno.EPERM;

    /// <summary>Removes a name that is no directory's.</summary>
    /// <param name="name">The name.</param>
    /// <param name="inode">What it stands for.</param>
    /// <returns>An error when the file system refuses.</returns>
    public virtual Errno Unlink(FileName name, Inode inode) => Errno.EPERM;

    /// <summary>Removes an empty directory.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="directory">The directory.</param>
    /// <returns>ENOTEMPTY when it is not empty.</returns>
    public virtual Errno RemoveDirectory(FileName name, DirectoryInode directory) => Errno.EPERM;

    /// <summary>Renames; called with the locks of both directories. What it replaces loses its name.</summary>
    /// <param name="name">The old name.</param>
    /// <param name="inode">What it stands for.</param>
    /// <param name="toDirectory">Where it goes; of this file system.</param>
    /// <param name="toName">The new name.</param>
    /// <param name="replaced">What has that name now: of the same kind. Null if nothing.</param>
    /// <param name="flags">RENAME_EXCHANGE changes places with <paramref name="replaced"/>.</param>
    /// <returns>ENOTEMPTY when a directory to be replaced is not empty; EINVAL for flags that are not understood.</returns>
    public virtual Errno Rename(FileName name, Inode inode, DirectoryInode toDirectory, FileName toName, Inode? replaced, RenameFlags flags) => Errno.EPERM;
}

/// <summary>Linux: what <c>filldir</c> is given.</summary>
/// <param name="Name">The name.</param>
/// <param name="Ino">Its inode's number.</param>
/// <param name="Type">Its inode's type bits (S_IFMT).</param>
/// <param name="Cookie">Where listing goes on behind this entry; greater than 0 and than those of the entries before.</param>
public readonly record struct DirectoryEntry(FileName Name, ulong Ino, InodeMode Type, long Cookie);

/// <summary>What a new inode shall be like.</summary>
/// <param name="Mode">Type and permissions, with the umask taken off.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group; already the directory's where that has the set-group-id bit.</param>
public readonly record struct CreateRequest(InodeMode Mode, uint Uid, uint Gid);
