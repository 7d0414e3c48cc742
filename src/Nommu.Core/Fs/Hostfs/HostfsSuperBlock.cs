using System.Collections.Concurrent;
using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Fs.Hostfs;

/// <summary>One instance: a directory of the host and all that is below it, other file systems of the host too. What the host itself makes up (its /proc and the like) is seen as empty directories.</summary>
internal sealed class HostfsSuperBlock : SuperBlock
{
    /// <summary>What the numbers of inodes leave free at their top for the file systems of the host (Linux: overlayfs' xino).</summary>
    private const int InoBits = 48;

    private readonly ConcurrentDictionary<(ulong Device, ulong Ino), WeakReference<Inode>> _known = new();
    private readonly ConcurrentDictionary<ulong, HostDevice> _devices = new();
    private int _sweepAt = 1024;
    private int _deviceCount;

    internal HostfsSuperBlock(IFileSystemType type, in MountRequest request, HostTree tree, in Stat status) : base(type, request)
    {
        Tree = tree;
        Flags |= MountFlags.MS_RDONLY;
        _devices[status.Dev] = new HostDevice(status.Dev, 0, IsMadeUp: false);
        Root = new HostfsDirectory(this, new HostfsPlace(this, null, default, tree.Root, status), status);
    }

    /// <inheritdoc/>
    public override DirectoryInode Root { get; }

    /// <inheritdoc/>
    public override bool KeepsAccessTime => false;

    internal HostTree Tree { get; }

    /// <inheritdoc/>
    public override Result<Statfs> Statfs()
    {
        var found = Tree.Root.Statfs();
        return found.TryGet(out var status) ? status with { Type = Type.Magic } : found;
    }

    /// <inheritdoc/>
    public override Errno Remount(MountFlags flags, ReadOnlySpan<byte> options) => (flags & MountFlags.MS_RDONLY) == 0 ? Errno.EROFS : Errno.None;

    /// <summary>The inode of a file that was just found at a place: one for each file of the host, as long as somebody has it.</summary>
    internal Inode Get(HostfsPlace parent, FileName name, HostFile found, in Stat status)
    {
        var key = (status.Dev, status.Ino);
        if (_known.TryGetValue(key, out var reference) && reference.TryGetTarget(out var known) && known is IHostfsInode inode && (uint)known.Type == (status.Mode & (uint)InodeMode.S_IFMT))
        {
            inode.Place.MoveTo(parent, name);
            inode.Take(status);
            return known;
        }
        var made = Make(new HostfsPlace(this, parent, name, found, status), status);
        _known[key] = new WeakReference<Inode>(made);
        SweepNowAndThen();
        return made;
    }

    /// <summary>The file at an inode's place is another one than before: a program of the host has put it there.</summary>
    internal void Exchange((ulong Device, ulong Ino) from, (ulong Device, ulong Ino) to)
    {
        if (_known.TryRemove(from, out var reference))
            _known.TryAdd(to, reference);
    }

    /// <summary>A number that no other file below here has, whatever file system of the host it is on.</summary>
    internal static ulong InoOf(HostDevice device, ulong ino) => ino ^ ((ulong)(uint)device.Index << InoBits);

    private Inode Make(HostfsPlace place, in Stat status) => ((InodeMode)status.Mode & InodeMode.S_IFMT) switch
    {
        InodeMode.S_IFDIR => new HostfsDirectory(this, place, status),
        InodeMode.S_IFREG => new HostfsFile(this, place, status),
        InodeMode.S_IFLNK => new HostfsSymlink(this, place, status),
        _ => new HostfsSpecial(this, place, status),
    };

    /// <summary>Which of the host's file systems a file is on.</summary>
    internal HostDevice FindDevice(HostFile file, ulong device)
    {
        if (_devices.TryGetValue(device, out var known))
            return known;
        var status = file.Statfs();
        var isMadeUp = !status.IsOk || IsMadeUpType((StatfsMagic)status.Value.Type);
        return _devices.GetOrAdd(device, new HostDevice(device, Interlocked.Increment(ref _deviceCount), isMadeUp));
    }

    private static bool IsMadeUpType(StatfsMagic type) => type is StatfsMagic.PROC_SUPER_MAGIC or StatfsMagic.SYSFS_MAGIC or StatfsMagic.DEVPTS_SUPER_MAGIC or StatfsMagic.CGROUP_SUPER_MAGIC
        or StatfsMagic.CGROUP2_SUPER_MAGIC or StatfsMagic.DEBUGFS_MAGIC or StatfsMagic.TRACEFS_MAGIC or StatfsMagic.SECURITYFS_MAGIC or StatfsMagic.BPF_FS_MAGIC or StatfsMagic.NSFS_MAGIC
        or StatfsMagic.XENFS_SUPER_MAGIC;

    private void SweepNowAndThen()
    {
        if (_known.Count < Volatile.Read(ref _sweepAt))
            return;
        foreach (var (key, reference) in _known)
        {
            if (!reference.TryGetTarget(out _))
                _known.TryRemove(new(key, reference));
        }
        Volatile.Write(ref _sweepAt, Math.Max(1024, 2 * _known.Count));
    }

    /// <inheritdoc/>
    protected override void Dispose() => Tree.Dispose();
}

/// <summary>What the inodes of this file system have in common.</summary>
internal interface IHostfsInode
{
    /// <summary>Where it is on the host.</summary>
    HostfsPlace Place { get; }

    /// <summary>Takes over what the host says of it.</summary>
    void Take(in Stat status);
}
