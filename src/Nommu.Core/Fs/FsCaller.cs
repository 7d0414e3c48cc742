using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs;

/// <summary>Who asks for an operation on names: with which root and working directory, and which rights.</summary>
/// <param name="Fs">Root, working directory, umask.</param>
/// <param name="Credentials">Rights.</param>
/// <param name="Thread">The calling thread, which an open may put to sleep; null for the host, which then never waits.</param>
internal readonly record struct FsCaller(FsContext Fs, Credentials Credentials, GuestThread? Thread = null)
{
    /// <summary>Linux: <c>inode_permission</c>.</summary>
    internal Errno Check(FsPath path, AccessMask wanted)
    {
        var inode = path.Inode;
        if ((wanted & AccessMask.MAY_WRITE) != 0 && path.Mount.IsReadOnly && inode is not SpecialInode)
            return Errno.EROFS;
        if ((wanted & AccessMask.MAY_WRITE) != 0 && inode.IsImmutable)
            return Errno.EPERM;
        return inode.CheckPermission(Credentials, wanted);
    }

    /// <summary>Linux: <c>inode_owner_or_capable</c>.</summary>
    internal bool Owns(Inode inode) => Credentials.Fsuid == inode.Uid || Credentials.Has(Capability.CAP_FOWNER);

    /// <summary>Linux: <c>filename_lookup</c>.</summary>
    internal Result<FsPath> Resolve(FsPath start, ReadOnlySpan<byte> path, bool follow = true) => PathWalk.Resolve(this, start, path, follow);

    /// <summary>Mode, owner and group of something new in a directory.</summary>
    internal CreateRequest NewInode(DirectoryInode directory, InodeMode mode)
    {
        mode &= ~(Fs.Umask & InodeMode.S_IRWXUGO);
        var gid = Credentials.Fsgid;
        if ((directory.Mode & InodeMode.S_ISGID) != 0)
        {
            gid = directory.Gid;
            if ((mode & InodeMode.S_IFMT) == InodeMode.S_IFDIR)
                mode |= InodeMode.S_ISGID;
            else if ((mode & (InodeMode.S_ISGID | InodeMode.S_IXGRP)) == (InodeMode.S_ISGID | InodeMode.S_IXGRP) && !Credentials.Has(Capability.CAP_FSETID) && !Credentials.InGroup(gid))
                mode &= ~InodeMode.S_ISGID;
        }
        return new CreateRequest(mode, Credentials.Fsuid, gid);
    }
}
