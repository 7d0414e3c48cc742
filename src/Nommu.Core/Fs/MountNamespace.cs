using System.Collections.Concurrent;
using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>struct mnt_namespace</c>. A tree of mounts. Differs: mounts do not propagate, all of them are private; a name that something is mounted on anywhere cannot be removed.</summary>
/// <remarks>Changed under the lock that all namespaces of a kernel share; looked at without.</remarks>
internal sealed class MountNamespace : Namespace
{
    private readonly MountPlaces _places;
    private readonly ConcurrentDictionary<FsPath, Mount> _byPlace;
    private readonly Lock _lock;
    private readonly List<Mount> _mounts = [];

    /// <summary>A kernel's first.</summary>
    internal MountNamespace(uint number, SuperBlock root, MountFlags flags, string source) : this(number, new MountPlaces())
    {
        Root = new Mount(root, root.RootDentry, flags, source, _places.NextId());
        _mounts.Add(Root);
    }

    private MountNamespace(uint number, MountPlaces places) : base(number) => (_places, _byPlace, _lock, Root) = (places, places.Mounts, places.Lock, null!);

    internal override string Kind => "mnt";

    internal override CloneFlags Flag => CloneFlags.CLONE_NEWNS;

    /// <summary>What is mounted at the root of the whole tree.</summary>
    internal Mount Root { get; private init; }

    /// <summary>Counts changes, for who watches /proc/mounts.</summary>
    internal int Generation { get; private set; }

    /// <summary>Woken with every change.</summary>
    internal WaitQueue Changed { get; } = new();

    /// <summary>Linux: <c>copy_mnt_ns</c>: the same mounts once more, for a caller who then stands in them where it stood.</summary>
    /// <returns>With one use.</returns>
    internal MountNamespace Copy(uint number, FsPath root, FsPath directory, out FsPath newRoot, out FsPath newDirectory)
    {
        lock (_lock)
        {
            var copies = new Dictionary<Mount, Mount>();
            foreach (var mount in _mounts)
                copies.Add(mount, Copy(mount, mount.Root));
            var other = new MountNamespace(number, _places) { Root = copies[Root] };
            foreach (var mount in _mounts)
            {
                other._mounts.Add(copies[mount]);
                if (mount.Parent is { } parent)
                    other.Attach(copies[mount], new FsPath(copies[parent], mount.MountPoint!), isNew: false);
            }
            newRoot = new FsPath(copies.GetValueOrDefault(root.Mount, root.Mount), root.Dentry);
            newDirectory = new FsPath(copies.GetValueOrDefault(directory.Mount, directory.Mount), directory.Dentry);
            return other;
        }
    }

    /// <summary>Every mount, in the order in which they came.</summary>
    internal Mount[] Snapshot()
    {
        lock (_lock)
            return [.. _mounts];
    }

    /// <summary>Goes to the top of what is mounted at a place.</summary>
    internal FsPath Cross(FsPath path)
    {
        while (path.Dentry.IsMountPoint && _byPlace.TryGetValue(path, out var mount))
            path = new FsPath(mount, mount.Root);
        return path;
    }

    /// <summary>Mounts a file system on a place; the file system's use passes to the mount.</summary>
    internal Errno Add(SuperBlock superBlock, FsPath at, MountFlags flags, string source)
    {
        lock (_lock)
        {
            at = Cross(at);
            if (!IsAttached(at.Mount))
                return Errno.EINVAL;
            var rootIsDirectory = superBlock.RootDentry.Directory is not null;
            if (rootIsDirectory != at.Dentry.Directory is not null)
                return Errno.ENOTDIR;
            // The same file system twice on one place is what a script does that runs twice (mount(2): EBUSY).
            if (at.Mount.SuperBlock == superBlock && at.Mount.Root == at.Dentry && superBlock.RootDentry == at.Dentry)
                return Errno.EBUSY;
            return Attach(new Mount(superBlock, superBlock.RootDentry, flags, source, _places.NextId()), at);
        }
    }

    /// <summary>mount(2) with MS_BIND.</summary>
    internal Errno Bind(FsPath source, FsPath at, bool recursive)
    {
        lock (_lock)
        {
            if (!IsAttached(source.Mount) || (source.Mount.Flags & MountFlags.MS_UNBINDABLE) != 0)
                return Errno.EINVAL;
            at = Cross(at);
            if (!IsAttached(at.Mount))
                return Errno.EINVAL;
            if (source.Dentry.Directory is null != at.Dentry.Directory is null)
                return Errno.ENOTDIR;
            var copy = Copy(source.Mount, source.Dentry);
            if (recursive)
                CopyChildren(source.Mount, source.Dentry, copy);
            var error = Attach(copy, at);
            if (error != Errno.None)
                ReleaseTree(copy);
            return error;
        }
    }

    /// <summary>mount(2) with MS_MOVE.</summary>
    internal Errno Move(FsPath source, FsPath at)
    {
        lock (_lock)
        {
            var mount = source.Mount;
            if (source.Dentry != mount.Root || mount.Parent is null || !IsAttached(mount))
                return Errno.EINVAL;
            at = Cross(at);
            if (source.Dentry.Directory is null != at.Dentry.Directory is null)
                return Errno.ENOTDIR;
            for (var above = at.Mount; above is not null; above = above.Parent)
            {
                if (above == mount)
                    return Errno.ELOOP;
            }
            var (oldParent, oldPoint) = (mount.Parent, mount.MountPoint!);
            Detach(mount);
            var error = Attach(mount, at, isNew: false);
            if (error != Errno.None)
                Attach(mount, new FsPath(oldParent, oldPoint), isNew: false);
            return error;
        }
    }

    /// <summary>umount2(2).</summary>
    internal Errno Remove(FsPath path, UmountFlags flags)
    {
        lock (_lock)
        {
            var mount = path.Mount;
            if (path.Dentry != mount.Root || mount.Parent is null || !IsAttached(mount))
                return Errno.EINVAL;
            if ((flags & UmountFlags.MNT_DETACH) == 0)
            {
                if (mount.Children.Count != 0 || !mount.IsIdle)
                    return Errno.EBUSY;
                if ((flags & UmountFlags.MNT_EXPIRE) != 0 && !mount.IsExpired)
                {
                    mount.IsExpired = true;
                    return Errno.EAGAIN;
                }
            }
            Detach(mount);
            ReleaseTree(mount);
            return Errno.None;
        }
    }

    /// <summary>pivot_root(2), without the part that moves processes' roots along.</summary>
    internal Errno Pivot(FsPath root, FsPath newRoot, FsPath putOld)
    {
        lock (_lock)
        {
            var (oldMount, newMount) = (root.Mount, newRoot.Mount);
            if (root.Dentry != oldMount.Root || newRoot.Dentry != newMount.Root || oldMount.Parent is null || newMount.Parent is null)
                return Errno.EINVAL;
            if (newMount == oldMount || putOld.Mount == oldMount)
                return Errno.EBUSY;
            if (!IsReachable(putOld, newRoot) || !IsReachable(newRoot, root))
                return Errno.EINVAL;
            var rootPlace = new FsPath(oldMount.Parent, oldMount.MountPoint!);
            Detach(newMount);
            Detach(oldMount);
            Attach(oldMount, putOld, isNew: false);
            Attach(newMount, rootPlace, isNew: false);
            return Errno.None;
        }
    }

    /// <summary>Lets go of every mount, when the kernel ends.</summary>
    internal void Clear()
    {
        lock (_lock)
        {
            foreach (var mount in _mounts)
            {
                if (mount.Parent is { } parent)
                {
                    _byPlace.TryRemove(new FsPath(parent, mount.MountPoint!), out _);
                    UnpinPlace(mount.MountPoint!);
                }
            }
            foreach (var mount in _mounts)
                mount.Release();
            _mounts.Clear();
        }
    }

    /// <inheritdoc/>
    protected override void End() => Clear();

    private bool IsAttached(Mount mount) => _mounts.Contains(mount);

    private static bool IsReachable(FsPath path, FsPath from)
    {
        var mount = path.Mount;
        var dentry = path.Dentry;
        while (mount != from.Mount)
        {
            if (mount.Parent is null)
                return false;
            dentry = mount.MountPoint!;
            mount = mount.Parent;
        }
        return dentry.IsWithin(from.Dentry);
    }

    private Mount Copy(Mount mount, Dentry root) => new(mount.SuperBlock, root, mount.Flags, mount.Source, _places.NextId());

    private void CopyChildren(Mount from, Dentry below, Mount to)
    {
        foreach (var child in from.Children)
        {
            if (!child.MountPoint!.IsWithin(below) || (child.Flags & MountFlags.MS_UNBINDABLE) != 0)
                continue;
            var copy = Copy(child, child.Root);
            Attach(copy, new FsPath(to, child.MountPoint!));
            CopyChildren(child, child.Root, copy);
        }
    }

    private Errno Attach(Mount mount, FsPath at, bool isNew = true)
    {
        if (at.Dentry.IsDeleted)
        {
            if (isNew && mount.Children.Count == 0)
                mount.Release();
            return Errno.ENOENT;
        }
        mount.Parent = at.Mount;
        mount.MountPoint = at.Dentry;
        at.Mount.Children.Add(mount);
        PinPlace(at.Dentry);
        _byPlace[at] = mount;
        if (isNew)
            _mounts.Add(mount);
        Generation++;
        Changed.Wake();
        return Errno.None;
    }

    private void Detach(Mount mount)
    {
        _byPlace.TryRemove(new FsPath(mount.Parent!, mount.MountPoint!), out _);
        UnpinPlace(mount.MountPoint!);
        mount.Parent!.Children.Remove(mount);
        mount.Parent = null;
        Generation++;
        Changed.Wake();
    }

    private void ReleaseTree(Mount mount)
    {
        foreach (var child in mount.Children.ToArray())
        {
            Detach(child);
            ReleaseTree(child);
        }
        _mounts.Remove(mount);
        mount.Release();
    }

    /// <summary>A place in a directory that does not cache names must still be found again while something is mounted on it.</summary>
    private static void PinPlace(Dentry place)
    {
        if (!place.IsMountPoint && !place.IsRoot && !place.Parent.Directory!.CachesNames)
        {
            lock (place.Parent.Directory!.NamesLock)
                place.Hash();
        }
        place.AddMount();
    }

    private static void UnpinPlace(Dentry place)
    {
        place.RemoveMount();
        if (!place.IsMountPoint && !place.IsRoot && !place.Parent.Directory!.CachesNames)
        {
            lock (place.Parent.Directory!.NamesLock)
                place.Unhash();
        }
    }
}
