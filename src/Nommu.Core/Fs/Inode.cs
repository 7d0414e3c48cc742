using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs;

/// <summary>
/// Linux: <c>struct inode</c> with its <c>inode_operations</c>. Differs: what kind of file it is, is its class (<see cref="DirectoryInode"/>, <see cref="RegularInode"/>,
/// <see cref="SymlinkInode"/>, <see cref="SpecialInode"/>), so a file system implements only what its files can do.
/// </summary>
/// <remarks>
/// <para>The virtual file system checks permissions, types, read-only mounts and names before it calls; an inode only does the work.</para>
/// <para>Lock order of this folder: MountNamespace, then SuperBlock.RenameLock, then DirectoryInode.NamesLock (parent before child, else lower Ino first), then a file's position lock,
/// then the content lock of a file system's inode, then Inode.Lock (attributes), then page store, file lock table and wait queues (leaves).</para>
/// </remarks>
public abstract class Inode
{
    private int _users;
    private bool _evicted;
    private ulong _contentVersion;
    private FileLockTable? _fileLocks;

    /// <summary>Makes an inode with the present time in all its times.</summary>
    /// <param name="superBlock">The file system it belongs to.</param>
    /// <param name="ino">Its number, unique in the file system.</param>
    /// <param name="mode">Type and permissions.</param>
    /// <param name="uid">Owner.</param>
    /// <param name="gid">Group.</param>
    protected Inode(SuperBlock superBlock, ulong ino, InodeMode mode, uint uid, uint gid)
    {
        ArgumentNullException.ThrowIfNull(superBlock);
        SuperBlock = superBlock;
        Ino = ino;
        Mode = mode;
        Uid = uid;
        Gid = gid;
        AccessTime = ModifyTime = ChangeTime = BirthTime = superBlock.Now;
    }

    /// <summary>The file system it belongs to.</summary>
    public SuperBlock SuperBlock { get; }

    /// <summary>Inode number.</summary>
    public ulong Ino { get; protected set; }

    /// <summary>Type and permissions.</summary>
    public InodeMode Mode { get; protected set; }

    /// <summary>Owner.</summary>
    public uint Uid { get; protected set; }

    /// <summary>Group.</summary>
    public uint Gid { get; protected set; }

    /// <summary>Names of this inode.</summary>
    public uint NumberOfLinks { get; protected set; } = 1;

    /// <summary>Bytes of content.</summary>
    public virtual long Size { get; protected set; }

    /// <summary>Blocks of 512 bytes that the content takes.</summary>
    public virtual long Blocks => (Size + 511) / 512;

    /// <summary>What stat calls the block size: the best size for reads and writes.</summary>
    public virtual int BlockSize => 4096;

    /// <summary>Device number of a character or block device.</summary>
    public DeviceNumber Rdev { get; protected init; }

    /// <summary>Last read.</summary>
    public Timespec AccessTime { get; protected set; }

    /// <summary>Last change of the content.</summary>
    public Timespec ModifyTime { get; protected set; }

    /// <summary>Last change of content or attributes.</summary>
    public Timespec ChangeTime { get; protected set; }

    /// <summary>Creation.</summary>
    public Timespec BirthTime { get; protected set; }

    /// <summary>Linux: <c>i_version</c> (STATX_CHANGE_COOKIE). Differs after every change of the content, however fast one follows another.</summary>
    internal virtual ulong ContentVersion => _contentVersion;

    /// <summary>True for a file that was made without a name and may be given one (O_TMPFILE).</summary>
    internal bool IsLinkable { get; set; }

    /// <summary>Linux: the flags of <c>i_flags</c> that users set (ioctl_iflags(2)). Changed under <see cref="Lock"/>.</summary>
    internal InodeFlags Flags { get; set; }

    /// <summary>Those that this file system knows for this kind of file; none where it knows none.</summary>
    internal virtual InodeFlags SettableFlags => InodeFlags.None;

    internal bool IsImmutable => (Flags & InodeFlags.FS_IMMUTABLE_FL) != 0;

    internal bool IsAppendOnly => (Flags & InodeFlags.FS_APPEND_FL) != 0;

    internal bool IsProtected => (Flags & InodeFlagOperations.Protected) != 0;

    /// <summary>The type bits of <see cref="Mode"/>.</summary>
    public InodeMode Type => Mode & InodeMode.S_IFMT;

    /// <summary>Guards the attributes.</summary>
    protected internal Lock Lock { get; } = new();

    internal FileLockTable FileLocks => _fileLocks ?? (Interlocked.CompareExchange(ref _fileLocks, new FileLockTable(), null) ?? _fileLocks)!;

    internal bool HasFileLocks => Volatile.Read(ref _fileLocks) is not null;

    /// <summary>Linux: <c>getattr</c>. Called before attributes are shown, for files whose attributes are made up on demand.</summary>
    public virtual void Refresh()
    {
    }

    /// <summary>Linux: <c>setattr</c>. Takes over what has been checked; a new size is set by <see cref="RegularInode.Truncate"/> instead.</summary>
    /// <param name="change">What changes.</param>
    /// <returns>An error when the file system refuses.</returns>
    public virtual Errno SetAttributes(in AttributeChange change)
    {
        lock (Lock)
        {
            if (change.Mode is { } mode)
                Mode = Type | (mode & InodeMode.Permissions);
            if (change.Uid is { } uid)
                Uid = uid;
            if (change.Gid is { } gid)
                Gid = gid;
            if (change.AccessTime is { } access)
                AccessTime = access;
            if (change.ModifyTime is { } modify)
                ModifyTime = modify;
            ChangeTime = change.ChangeTime;
        }
        return Errno.None;
    }

    /// <summary>Linux: <c>generic_permission</c>. Judges by owner, group and other bits.</summary>
    /// <param name="credentials">Who asks.</param>
    /// <param name="wanted">What for.</param>
    /// <returns>EACCES when it is not allowed.</returns>
    public virtual Errno CheckPermission(Credentials credentials, AccessMask wanted)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        var mode = (uint)Mode;
        var granted = credentials.Fsuid == Uid ? mode >> 6 : credentials.InGroup(Gid) ? mode >> 3 : mode;
        if (((uint)wanted & ~granted & 7) == 0)
            return Errno.None;
        // To execute a file, one of its execute bits must be set.
        var executes = (wanted & AccessMask.MAY_EXEC) != 0 && Type != InodeMode.S_IFDIR;
        if (credentials.Has(Capability.CAP_DAC_OVERRIDE) && !(executes && (Mode & InodeMode.S_IXUGO) == 0))
            return Errno.None;
        var onlyReads = (wanted & AccessMask.MAY_WRITE) == 0 && !executes;
        return onlyReads && credentials.Has(Capability.CAP_DAC_READ_SEARCH) ? Errno.None : Errno.EACCES;
    }

    /// <summary>Reads an extended attribute.</summary>
    /// <param name="name">With its namespace, as <c>user.note</c>.</param>
    /// <returns>The value; ENODATA when there is none, EOPNOTSUPP where the file system has no such attributes.</returns>
    public virtual Result<byte[]> GetXattr(FileName name) => Errno.EOPNOTSUPP;

    /// <summary>Sets an extended attribute.</summary>
    /// <param name="name">With its namespace.</param>
    /// <param name="value">The value; kept.</param>
    /// <param name="flags">Whether it must or must not exist.</param>
    /// <returns>EEXIST, ENODATA, ENOSPC or EOPNOTSUPP.</returns>
    public virtual Errno SetXattr(FileName name, byte[] value, XattrFlags flags) => Errno.EOPNOTSUPP;

    /// <summary>Removes an extended attribute.</summary>
    /// <param name="name">With its namespace.</param>
    /// <returns>ENODATA or EOPNOTSUPP.</returns>
    public virtual Errno RemoveXattr(FileName name) => Errno.EOPNOTSUPP;

    /// <summary>Lists the names of extended attributes.</summary>
    /// <returns>Each name.</returns>
    public virtual Result<FileName[]> ListXattr() => Array.Empty<FileName>();

    /// <summary>Linux: <c>evict_inode</c>. The last name and the last open file are gone: gives back the content.</summary>
    protected virtual void Evict()
    {
    }

    /// <summary>For a file whose attributes are kept elsewhere: shows them as they are there. Type and birth stay.</summary>
    internal void TakeAttributes(in Stat status)
    {
        lock (Lock)
        {
            if (ModifyTime != status.ModifyTime || Size != status.Size)
                _contentVersion++;
            Mode = Type | ((InodeMode)status.Mode & InodeMode.Permissions);
            (Uid, Gid, NumberOfLinks, Size) = (status.Uid, status.Gid, (uint)status.Nlink, status.Size);
            (AccessTime, ModifyTime, ChangeTime) = (status.AccessTime, status.ModifyTime, status.ChangeTime);
        }
    }

    /// <summary>Sets <see cref="ModifyTime"/> and <see cref="ChangeTime"/> to the present.</summary>
    public virtual void TouchModified()
    {
        var now = SuperBlock.Now;
        lock (Lock)
        {
            ModifyTime = ChangeTime = now;
            _contentVersion++;
        }
    }

    /// <summary>Sets <see cref="ChangeTime"/> to the present.</summary>
    public void TouchChanged()
    {
        var now = SuperBlock.Now;
        lock (Lock)
            ChangeTime = now;
    }

    /// <summary>Linux: <c>touch_atime</c> with relatime: written only where it is older than a change or than a day.</summary>
    internal void TouchAccessed(Mount mount)
    {
        if ((mount.Flags & (MountFlags.MS_NOATIME | MountFlags.MS_RDONLY)) != 0 || !SuperBlock.KeepsAccessTime || (Flags & InodeFlags.FS_NOATIME_FL) != 0)
            return;
        if (Type == InodeMode.S_IFDIR && (mount.Flags & MountFlags.MS_NODIRATIME) != 0)
            return;
        if ((mount.Flags & MountFlags.MS_STRICTATIME) == 0 && AccessTime > ModifyTime && AccessTime > ChangeTime && !OlderThanADay())
            return;
        var now = SuperBlock.Now;
        lock (Lock)
            AccessTime = now;
    }

    private bool OlderThanADay() => SuperBlock.Now.Seconds - AccessTime.Seconds >= 24 * 60 * 60;

    /// <summary>Changes the number of names, and lets go of the content when it was the last use.</summary>
    /// <param name="change">How many more.</param>
    protected internal void AddLinks(int change)
    {
        var now = SuperBlock.Now;
        bool evict;
        lock (Lock)
        {
            NumberOfLinks = (uint)(NumberOfLinks + change);
            ChangeTime = now;
            evict = NumberOfLinks == 0 && _users == 0 && !_evicted;
            _evicted |= evict;
        }
        if (evict)
            Evict();
    }

    /// <summary>Keeps the content while somebody uses it, whatever becomes of its names.</summary>
    /// <returns>False when it is gone already.</returns>
    internal bool TryPin()
    {
        lock (Lock)
        {
            if (_evicted)
                return false;
            _users++;
            return true;
        }
    }

    internal void Unpin()
    {
        bool evict;
        lock (Lock)
        {
            _users--;
            evict = NumberOfLinks == 0 && _users == 0 && !_evicted;
            _evicted |= evict;
        }
        if (evict)
            Evict();
    }
}
