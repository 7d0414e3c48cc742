using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Overlayfs;

/// <summary>Changes of names. Linux: fs/overlayfs/dir.c.</summary>
internal sealed partial class OverlayDirectory
{
    private delegate Result<Inode> Maker(DirectoryInode directory);

    /// <inheritdoc/>
    public override Result<Inode> Create(FileName name, in CreateRequest request)
    {
        var wanted = request;
        return Make(name, directory => directory.Create(name, wanted));
    }

    /// <inheritdoc/>
    public override Result<Inode> MakeDirectory(FileName name, in CreateRequest request)
    {
        var wanted = request;
        return Make(name, directory => directory.MakeDirectory(name, wanted));
    }

    /// <inheritdoc/>
    public override Result<Inode> MakeNode(FileName name, in CreateRequest request, DeviceNumber device)
    {
        // It would be taken for a whiteout.
        if ((request.Mode & InodeMode.S_IFMT) == InodeMode.S_IFCHR && device == default)
            return Errno.EPERM;
        var wanted = request;
        return Make(name, directory => directory.MakeNode(name, wanted, device));
    }

    /// <inheritdoc/>
    public override Result<Inode> MakeSymlink(FileName name, ReadOnlySpan<byte> target, in CreateRequest request)
    {
        var (wanted, text) = (request, target.ToArray());
        return Make(name, directory => directory.MakeSymlink(name, text, wanted));
    }

    /// <inheritdoc/>
    public override Result<Inode> CreateUnnamed(in CreateRequest request)
    {
        var error = Node.CopyUp();
        if (error != Errno.None)
            return error;
        var upper = Node.Upper!;
        var made = upper.Dentry.Directory!.CreateUnnamed(request);
        if (!made.TryGet(out var inode))
            return made;
        var dentry = new Dentry(upper.Dentry, new FileName($"#{inode.Ino}"), inode);
        dentry.Delete();
        return _fileSystem.Get(new OverlayNode(_fileSystem, Node, dentry.Name, new OverlayPath(upper.Layer, dentry), []));
    }

    /// <inheritdoc/>
    public override Errno Link(FileName name, Inode inode)
    {
        var node = ((IOverlayInode)inode).Node;
        var error = node.CopyUp();
        if (error != Errno.None)
            return error;
        var real = node.Upper!.Inode;
        var made = Make(name, directory => directory.Link(name, real) is var refused and not Errno.None ? refused : real);
        inode.Refresh();
        return made.Error;
    }

    /// <inheritdoc/>
    public override Errno Unlink(FileName name, Inode inode)
    {
        lock (_fileSystem.UpperLock)
        {
            var error = RemoveName(name, isDirectory: false);
            if (error != Errno.None)
                return error;
            ((IOverlayInode)inode).Node.Remove();
        }
        inode.Refresh();
        Refresh();
        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno RemoveDirectory(FileName name, DirectoryInode directory)
    {
        if (directory.NextEntry(0).IsOk)
            return Errno.ENOTEMPTY;
        lock (_fileSystem.UpperLock)
        {
            var error = RemoveName(name, isDirectory: true);
            if (error != Errno.None)
                return error;
            ((IOverlayInode)directory).Node.Remove();
        }
        directory.Refresh();
        Refresh();
        return Errno.None;
    }

    /// <summary>Makes something with a name that is not there, or under a whiteout that then goes.</summary>
    private Result<Inode> Make(FileName name, Maker make)
    {
        OverlayNode node;
        lock (_fileSystem.UpperLock)
        {
            var error = OverlayCopyUp.Run(Node, 0);
            if (error != Errno.None)
                return error;
            var upper = Node.Upper!;
            var wasWhiteout = OverlayUpper.Find(upper.Dentry, name).IsOk;
            if (wasWhiteout && (error = OverlayUpper.Unlink(upper.Dentry, name)) != Errno.None)
                return error;
            Result<Inode> made;
            Dentry? dentry = null;
            lock (upper.Dentry.Directory!.NamesLock)
            {
                made = upper.Dentry.Directory.IsDead ? Errno.ENOENT : make(upper.Dentry.Directory);
                if (made.IsOk)
                {
                    dentry = DirectoryLookup.Add(upper.Dentry, name, made.Value);
                    // What is below, or comes there, is not this directory's.
                    if (made.Value is DirectoryInode && (wasWhiteout || Node.Lowers.Length > 0))
                        error = OverlayMarks.MakeOpaque(made.Value);
                }
            }
            if (error != Errno.None)
            {
                OverlayUpper.RemoveDirectory(upper.Dentry, name);
                made = error;
            }
            if (!made.IsOk)
            {
                // The room that the whiteout had is free again.
                if (wasWhiteout && _fileSystem.PrepareWhiteout().IsOk)
                    _fileSystem.PlaceWhiteout(upper.Dentry, name);
                return made;
            }
            node = new OverlayNode(_fileSystem, Node, name, new OverlayPath(upper.Layer, dentry!), []);
        }
        Refresh();
        return _fileSystem.Get(node);
    }

    /// <summary>Takes a name away: in the upper layer, and by a whiteout where it would show again.</summary>
    private Errno RemoveName(FileName name, bool isDirectory)
    {
        var below = IsBelow(name);
        if (!below.TryGet(out var showsAgain))
            return below.Error;
        var error = OverlayCopyUp.Run(Node, 0);
        if (error == Errno.None && showsAgain)
            error = _fileSystem.PrepareWhiteout().Error;
        if (error != Errno.None)
            return error;
        var upper = Node.Upper!.Dentry;
        var isUp = OverlayUpper.Find(upper, name).IsOk;
        if (isUp && isDirectory)
            error = OverlayUpper.RemoveDirectory(upper, name);
        else if (isUp && !showsAgain)
            error = OverlayUpper.Unlink(upper, name);
        return error == Errno.None && showsAgain ? _fileSystem.PlaceWhiteout(upper, name) : error;
    }
}
