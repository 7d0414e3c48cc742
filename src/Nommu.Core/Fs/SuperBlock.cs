using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>struct super_block</c>. One instance of a file system; it goes with its last mount and open file.</summary>
public abstract class SuperBlock
{
    private readonly TimeProvider _clock;
    private int _users;
    private Dentry? _rootDentry;

    /// <summary>Makes a file system.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="request">Where the clock and the flags come from.</param>
    protected SuperBlock(IFileSystemType type, in MountRequest request)
    {
        Type = type;
        _clock = request.Clock;
        Device = request.Device;
        Flags = request.Flags & (MountFlags.MS_RDONLY | MountFlags.MS_SYNCHRONOUS);
    }

    /// <summary>Its type.</summary>
    public IFileSystemType Type { get; }

    /// <summary>What stat calls st_dev.</summary>
    public DeviceNumber Device { get; }

    /// <summary>MS_RDONLY and MS_SYNCHRONOUS.</summary>
    public MountFlags Flags { get; internal set; }

    /// <summary>The root directory.</summary>
    public abstract DirectoryInode Root { get; }

    /// <summary>Options beyond the flags, as /proc/mounts shows them, without a leading comma; empty if none.</summary>
    public virtual string Options => "";

    /// <summary>False where access times are made up, so reading does not write them.</summary>
    public virtual bool KeepsAccessTime => true;

    /// <summary>Linux: <c>s_vfs_rename_mutex</c>. Held by a rename between directories, so that the tree stands still while ancestors are compared.</summary>
    internal Lock RenameLock { get; } = new();

    /// <summary>The one root dentry of this file system.</summary>
    internal Dentry RootDentry => _rootDentry ?? (Interlocked.CompareExchange(ref _rootDentry, new Dentry(Root, "/"), null) ?? _rootDentry);

    /// <summary>The present time, as files record it.</summary>
    public Timespec Now => Timespec.Now(_clock);

    /// <summary>Linux: <c>statfs</c>. Type, sizes and counts; the rest is filled in.</summary>
    /// <returns>What statfs(2) shows.</returns>
    public abstract Result<Statfs> Statfs();

    /// <summary>Linux: <c>sync_fs</c>. Brings everything to the medium.</summary>
    /// <returns>EIO.</returns>
    public virtual Errno Sync() => Errno.None;

    /// <summary>Linux: <c>remount_fs</c>. Options change while mounted.</summary>
    /// <param name="flags">New flags.</param>
    /// <param name="options">mount(2)'s data.</param>
    /// <returns>EINVAL for options that are not understood.</returns>
    public virtual Errno Remount(MountFlags flags, ReadOnlySpan<byte> options) => Errno.None;

    /// <summary>Linux: <c>put_super</c>. The last use is gone; gives back everything.</summary>
    protected virtual void Dispose()
    {
    }

    internal void Retain() => Interlocked.Increment(ref _users);

    internal void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
            Dispose();
    }
}
