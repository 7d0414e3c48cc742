using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: an inode of type S_IFLNK.</summary>
public abstract class SymlinkInode : Inode
{
    /// <inheritdoc/>
    protected SymlinkInode(SuperBlock superBlock, ulong ino, uint uid, uint gid)
        : base(superBlock, ino, InodeMode.S_IFLNK | InodeMode.S_IRWXUGO, uid, gid)
    {
    }

    /// <summary>What readlink(2) shows and a path walk follows.</summary>
    /// <returns>The target; kept by the caller, so it must not be changed.</returns>
    public abstract Result<byte[]> ReadLink();

    /// <summary>Where a magic link goes, whatever it reads as (/proc/PID/fd/N, exe, cwd, root).</summary>
    /// <returns>Null for an ordinary link; EACCES or ENOENT where it may not or can't be followed.</returns>
    public virtual Result<FsPath>? FollowTo() => null;
}
