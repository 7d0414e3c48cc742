using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Overlayfs;

/// <summary>Linux: <c>struct ovl_layer</c>. A directory tree that shows through, by a mount of the overlay's own, so that what becomes of other mounts does not matter.</summary>
internal sealed class OverlayLayer
{
    internal OverlayLayer(Dentry root, MountFlags flags, int index)
    {
        Mount = new Mount(root.Inode.SuperBlock, root, flags, "overlay", 0);
        Index = index;
    }

    internal Mount Mount { get; }

    /// <summary>Which of the overlay's file systems it is on; 0 for that of the lowest layer.</summary>
    internal int Index { get; }

    internal void Release() => Mount.Release();
}

/// <summary>Linux: <c>struct ovl_path</c>. A file in a layer.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Dentry">Its name there.</param>
internal sealed record OverlayPath(OverlayLayer Layer, Dentry Dentry)
{
    internal Inode Inode => Dentry.Inode;

    internal FsPath Path => new(Layer.Mount, Dentry);

    /// <summary>What has a name in this directory.</summary>
    /// <returns>ENOENT; ENOTDIR where this is none.</returns>
    internal Result<OverlayPath> Find(FileName name)
    {
        if (Dentry.Directory is not { } directory)
            return Errno.ENOTDIR;
        lock (directory.NamesLock)
        {
            var found = DirectoryLookup.FindLocked(Dentry, name);
            return found.TryGet(out var dentry) ? new OverlayPath(Layer, dentry) : found.Error;
        }
    }
}
