using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>struct mount</c>. A file system, or a part of it, at a place in the tree.</summary>
public sealed class Mount
{
    /// <summary>Linux: the flags that belong to the mount and not to the file system (MNT_*).</summary>
    internal const MountFlags PerMount = MountFlags.MS_RDONLY | MountFlags.MS_NOSUID | MountFlags.MS_NODEV | MountFlags.MS_NOEXEC | MountFlags.MS_NOATIME
        | MountFlags.MS_NODIRATIME | MountFlags.MS_RELATIME | MountFlags.MS_STRICTATIME | MountFlags.MS_NOSYMFOLLOW | MountFlags.MS_UNBINDABLE;

    private readonly Lock _lock = new();
    private int _users;

    internal Mount(SuperBlock superBlock, Dentry root, MountFlags flags, string source, int id)
    {
        SuperBlock = superBlock;
        Root = root;
        Flags = flags & PerMount;
        Source = source;
        Id = id;
        superBlock.Retain();
        _users = 1;
    }

    /// <summary>The file system.</summary>
    public SuperBlock SuperBlock { get; }

    /// <summary>What of it shows here: its root, or for a bind mount any file.</summary>
    public Dentry Root { get; }

    /// <summary>Flags of this mount; the file system may be read-only beside them.</summary>
    public MountFlags Flags { get; internal set; }

    /// <summary>The source as mount(2) was given it.</summary>
    public string Source { get; }

    /// <summary>Its number in /proc/self/mountinfo.</summary>
    public int Id { get; }

    /// <summary>The mount it is mounted on; null for the root of the tree and for a detached mount.</summary>
    public Mount? Parent { get; internal set; }

    /// <summary>Where on <see cref="Parent"/>.</summary>
    public Dentry? MountPoint { get; internal set; }

    /// <summary>True when nothing may be written through this mount.</summary>
    public bool IsReadOnly => ((Flags | SuperBlock.Flags) & MountFlags.MS_RDONLY) != 0;

    /// <summary>Mounts on this one.</summary>
    internal List<Mount> Children { get; } = [];

    /// <summary>True while only the tree holds it: no open file, no working directory.</summary>
    internal bool IsIdle => Volatile.Read(ref _users) == 1;

    /// <summary>MNT_EXPIRE marked it, and nobody used it since.</summary>
    internal bool IsExpired { get; set; }

    /// <summary>Keeps it. False when it has gone already.</summary>
    internal bool TryRetain()
    {
        lock (_lock)
        {
            if (_users == 0)
                return false;
            IsExpired = false;
            _users++;
            return true;
        }
    }

    internal void Release()
    {
        bool last;
        lock (_lock)
            last = --_users == 0;
        if (last)
            SuperBlock.Release();
    }
}
