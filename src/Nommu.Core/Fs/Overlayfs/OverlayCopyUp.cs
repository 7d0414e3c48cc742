using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Fs.Overlayfs;

/// <summary>Linux: fs/overlayfs/copy_up.c. A file that is about to change goes to the upper layer, and first the directories it is in. The upper layer's lock is held.</summary>
internal static class OverlayCopyUp
{
    private const int PieceSize = 1 << 16;

    internal static Errno Run(OverlayNode node, long size)
    {
        if (node.FileSystem.UpperLayer is null)
            return Errno.EROFS;
        var missing = new Stack<OverlayNode>();
        for (var above = node; above is { Upper: null }; above = above.Parent)
            missing.Push(above);
        while (missing.TryPop(out var next))
        {
            var error = CopyOne(next, size);
            if (error != Errno.None)
                return error;
        }
        return Errno.None;
    }

    private static Errno CopyOne(OverlayNode node, long size)
    {
        var lower = node.Lowers[0];
        lower.Inode.Refresh();
        var parent = node.Parent!.Upper!;
        var directory = parent.Dentry.Directory!;
        // What is below seems unchanged, so the directory must not seem changed either.
        var times = TimesOf(directory);
        Result<Dentry> made;
        if (lower.Inode is RegularInode)
            made = CopyFile(node, lower, parent, size);
        else if (node.IsRemoved)
            return Errno.ENOENT;
        else
            made = MakeNamed(node, lower.Inode, parent);
        if (!made.TryGet(out var dentry))
            return made.Error;
        if (!node.IsRemoved)
            directory.SetAttributes(times);
        node.FileSystem.Remember(dentry.Inode, node.Ino);
        if (node.Inode is { } inode and not DirectoryInode)
            node.FileSystem.Adopt(dentry.Inode, inode);
        node.Upper = new OverlayPath(parent.Layer, dentry);
        return Errno.None;
    }

    private static Result<Dentry> MakeNamed(OverlayNode node, Inode lower, OverlayPath parent)
    {
        var directory = parent.Dentry.Directory!;
        var request = RequestFor(lower);
        lock (directory.NamesLock)
        {
            Result<Inode> made;
            switch (lower)
            {
                case DirectoryInode:
                    made = directory.MakeDirectory(node.Name, request);
                    break;
                case SymlinkInode link:
                    var read = link.ReadLink();
                    made = read.TryGet(out var target) ? directory.MakeSymlink(node.Name, target, request) : read.Error;
                    break;
                default:
                    made = directory.MakeNode(node.Name, request, lower.Rdev);
                    break;
            }
            if (!made.TryGet(out var inode))
                return made.Error;
            var dentry = DirectoryLookup.Add(parent.Dentry, node.Name, inode);
            CopyAttributes(lower, inode);
            return dentry;
        }
    }

    /// <summary>The file gets its name when it is complete, so that nobody finds half of it.</summary>
    private static Result<Dentry> CopyFile(OverlayNode node, OverlayPath lower, OverlayPath parent, long size)
    {
        var directory = parent.Dentry.Directory!;
        var opened = ((RegularInode)lower.Inode).Open(new OpenRequest(lower.Path, OpenFlags.O_RDONLY | OpenFlags.O_NOATIME));
        if (!opened.TryGet(out var from))
            return opened.Error;
        var made = directory.CreateUnnamed(RequestFor(lower.Inode));
        if (!made.TryGet(out var inode))
        {
            from.Release();
            return made.Error;
        }
        var dentry = new Dentry(parent.Dentry, node.Name, inode);
        var created = ((RegularInode)inode).Open(new OpenRequest(new FsPath(parent.Layer.Mount, dentry), OpenFlags.O_WRONLY));
        var error = created.Error;
        if (created.TryGet(out var to))
        {
            error = CopyContents(from, to, Math.Min(size, lower.Inode.Size));
            if (error == Errno.None)
                CopyAttributes(lower.Inode, inode);
            if (error == Errno.None && !node.IsRemoved)
            {
                lock (directory.NamesLock)
                {
                    error = directory.Link(node.Name, inode);
                    if (error == Errno.None)
                        dentry = DirectoryLookup.Add(parent.Dentry, node.Name, inode);
                }
            }
            to.Release();
        }
        from.Release();
        return error == Errno.None ? dentry : error;
    }

    private static Errno CopyContents(FileDescription from, FileDescription to, long size)
    {
        var buffer = new byte[(int)Math.Min(PieceSize, size)];
        long done = 0;
        while (done < size)
        {
            // Holes stay holes.
            var data = from.Seek(done, SeekWhence.SEEK_DATA);
            if (data.Error == Errno.ENXIO || (data.IsOk && data.Value >= size))
                break;
            done = Math.Max(done, data.Value);
            var target = new IoVector(buffer.AsSpan(0, (int)Math.Min(buffer.Length, size - done)));
            var read = from.ReadAt(ref target, done);
            if (!read.TryGet(out var count))
                return read.Error;
            if (count == 0)
                break;
            var error = Write(to, buffer.AsSpan(0, (int)count), done);
            if (error != Errno.None)
                return error;
            done += count;
        }
        return to.Inode.Size < size ? to.Truncate(size) : Errno.None;
    }

    private static Errno Write(FileDescription to, ReadOnlySpan<byte> bytes, long position)
    {
        var source = new IoVector(bytes);
        while (source.Remaining > 0)
        {
            var written = to.WriteAt(ref source, position);
            if (!written.TryGet(out var count))
                return written.Error;
            if (count == 0)
                return Errno.EIO;
            position += count;
        }
        return Errno.None;
    }

    private static CreateRequest RequestFor(Inode inode) => new(inode.Mode, inode.Uid, inode.Gid);

    private static void CopyAttributes(Inode from, Inode to)
    {
        if (from.ListXattr().TryGet(out var names))
        {
            foreach (var name in names)
            {
                if (!OverlayMarks.IsPrivate(name) && from.GetXattr(name).TryGet(out var value))
                    to.SetXattr(name, value, XattrFlags.None);
            }
        }
        to.SetAttributes(TimesOf(from));
    }

    private static AttributeChange TimesOf(Inode inode) => new() { AccessTime = inode.AccessTime, ModifyTime = inode.ModifyTime, ChangeTime = inode.SuperBlock.Now };
}
