using System.Text;
using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>path_mount</c> of fs/namespace.c: what mount(2) means by its flags.</summary>
internal static class MountOperations
{
    private const MountFlags Propagation = MountFlags.MS_SHARED | MountFlags.MS_PRIVATE | MountFlags.MS_SLAVE | MountFlags.MS_UNBINDABLE;

    /// <summary>A remount that says nothing of these leaves them as they are.</summary>
    private const MountFlags AccessTimes = MountFlags.MS_NOATIME | MountFlags.MS_NODIRATIME | MountFlags.MS_RELATIME | MountFlags.MS_STRICTATIME;

    /// <summary>The flags of one mount, as opposed to those of its file system.</summary>
    private const MountFlags Kept = Mount.PerMount & ~MountFlags.MS_UNBINDABLE;

    /// <summary>mount(2), the target already found.</summary>
    /// <param name="caller">Who mounts.</param>
    /// <param name="target">Where.</param>
    /// <param name="source">What: a path for a bind or a move, else whatever the type makes of it.</param>
    /// <param name="type">The file system's type; null where none was given.</param>
    /// <param name="flags">Flags.</param>
    /// <param name="options">The type's own options.</param>
    internal static Errno Perform(in FsCaller caller, FsPath target, ReadOnlySpan<byte> source, string? type, MountFlags flags, ReadOnlySpan<byte> options)
    {
        var perMount = MountFlagsOf(flags);
        if ((flags & MountFlags.MS_REMOUNT) != 0 && (flags & AccessTimes) == 0)
            perMount = (perMount & ~AccessTimes) | (target.Mount.Flags & AccessTimes);
        if ((flags & (MountFlags.MS_REMOUNT | MountFlags.MS_BIND)) == (MountFlags.MS_REMOUNT | MountFlags.MS_BIND))
            return Reconfigure(target, perMount);
        if ((flags & MountFlags.MS_REMOUNT) != 0)
            return Remount(target, flags, perMount, options);
        if ((flags & MountFlags.MS_BIND) != 0)
            return Bind(caller, source, target, (flags & MountFlags.MS_REC) != 0);
        if ((flags & Propagation) != 0)
            return ChangePropagation(caller, target, flags);
        return (flags & MountFlags.MS_MOVE) != 0 ? Move(caller, source, target) : MountNew(caller, target, source, type, flags, perMount, options);
    }

    /// <summary>umount2(2), the target already found.</summary>
    internal static Errno Unmount(in FsCaller caller, FsPath target, UmountFlags flags)
    {
        if (target.Dentry != target.Mount.Root)
            return Errno.EINVAL;
        // MNT_EXPIRE marks what nobody uses; it can't be had together with what takes the used (umount2(2)).
        if ((flags & UmountFlags.MNT_EXPIRE) != 0 && (flags & (UmountFlags.MNT_FORCE | UmountFlags.MNT_DETACH)) != 0)
            return Errno.EINVAL;
        if (target.Mount == caller.Fs.Root.Mount && (flags & UmountFlags.MNT_DETACH) == 0)
        {
            if ((flags & UmountFlags.MNT_EXPIRE) != 0)
                return Errno.EINVAL;
            // Linux: do_umount_root. The root stays; unmounting it at shutdown makes it read-only.
            target.Mount.SuperBlock.Flags |= MountFlags.MS_RDONLY;
            return target.Mount.SuperBlock.Sync();
        }
        return caller.Fs.Mounts.Remove(target, flags);
    }

    /// <summary>pivot_root(2), with both directories found: who stood at the old root, stands at the new one then.</summary>
    internal static Errno Pivot(in FsCaller caller, FsPath newRoot, FsPath putOld)
    {
        var oldRoot = caller.Fs.Root;
        var error = caller.Fs.Mounts.Pivot(oldRoot, newRoot, putOld);
        if (error != Errno.None)
            return error;
        foreach (var (context, _) in caller.Fs.FileSystem.Contexts)
            context.Replace(oldRoot, newRoot);
        return Errno.None;
    }

    /// <summary>Access times are kept as relatime does unless asked otherwise (mount(2), since Linux 2.6.30).</summary>
    private static MountFlags MountFlagsOf(MountFlags flags)
    {
        var kept = flags & Kept;
        if ((flags & MountFlags.MS_NOATIME) == 0)
            kept |= MountFlags.MS_RELATIME;
        if ((flags & MountFlags.MS_STRICTATIME) != 0)
            kept &= ~(MountFlags.MS_RELATIME | MountFlags.MS_NOATIME);
        return kept;
    }

    private static Errno Reconfigure(FsPath target, MountFlags perMount)
    {
        if (target.Dentry != target.Mount.Root)
            return Errno.EINVAL;
        target.Mount.Flags = (target.Mount.Flags & ~Kept) | perMount;
        return Errno.None;
    }

    private static Errno Remount(FsPath target, MountFlags flags, MountFlags perMount, ReadOnlySpan<byte> options)
    {
        if (target.Dentry != target.Mount.Root)
            return Errno.EINVAL;
        var superBlock = target.Mount.SuperBlock;
        var error = superBlock.Remount(flags, options);
        if (error != Errno.None)
            return error;
        superBlock.Flags = flags & (MountFlags.MS_RDONLY | MountFlags.MS_SYNCHRONOUS);
        return Reconfigure(target, perMount);
    }

    private static Errno Bind(in FsCaller caller, ReadOnlySpan<byte> source, FsPath target, bool recursive)
    {
        if (source.IsEmpty)
            return Errno.EINVAL;
        var found = caller.Resolve(caller.Fs.WorkingDirectory, source);
        return found.TryGet(out var place) ? caller.Fs.Mounts.Bind(place, target, recursive) : found.Error;
    }

    private static Errno Move(in FsCaller caller, ReadOnlySpan<byte> source, FsPath target)
    {
        if (source.IsEmpty)
            return Errno.EINVAL;
        var found = caller.Resolve(caller.Fs.WorkingDirectory, source);
        return found.TryGet(out var place) ? caller.Fs.Mounts.Move(place, target) : found.Error;
    }

    /// <summary>All mounts are private. A private mount made a slave stays private, as it has no master; one made shared would pass mounts on to its copies, which is not done and refused.</summary>
    private static Errno ChangePropagation(in FsCaller caller, FsPath target, MountFlags flags)
    {
        var kind = flags & Propagation;
        if ((flags & ~(Propagation | MountFlags.MS_REC | MountFlags.MS_SILENT)) != 0 || (kind & (kind - 1)) != 0 || target.Dentry != target.Mount.Root)
            return Errno.EINVAL;
        if (kind == MountFlags.MS_SHARED)
            return Errno.EINVAL;
        foreach (var mount in caller.Fs.Mounts.Snapshot())
        {
            if (mount == target.Mount || ((flags & MountFlags.MS_REC) != 0 && IsBelow(mount, target.Mount)))
                mount.Flags = (mount.Flags & ~MountFlags.MS_UNBINDABLE) | (kind & MountFlags.MS_UNBINDABLE);
        }
        return Errno.None;
    }

    private static bool IsBelow(Mount mount, Mount above)
    {
        for (var parent = mount.Parent; parent is not null; parent = parent.Parent)
        {
            if (parent == above)
                return true;
        }
        return false;
    }

    private static Errno MountNew(in FsCaller caller, FsPath target, ReadOnlySpan<byte> source, string? type, MountFlags flags, MountFlags perMount, ReadOnlySpan<byte> options)
    {
        if (type is null)
            return Errno.EINVAL;
        var fileSystem = caller.Fs.FileSystem;
        if (fileSystem.FindType(type) is not { } found)
            return Errno.ENODEV;
        var name = Encoding.UTF8.GetString(source);
        if (found.NeedsDevice && source.IsEmpty)
            return Errno.EINVAL;
        var made = found.Mount(new MountRequest(name, flags, options, fileSystem.NextDevice(), fileSystem.Clock) { Caller = caller });
        if (!made.TryGet(out var superBlock))
            return made.Error;
        superBlock.Retain(); // so that one that finds no place goes again
        var error = caller.Fs.Mounts.Add(superBlock, target, perMount, name.Length == 0 ? "none" : name);
        superBlock.Release();
        return error;
    }
}
