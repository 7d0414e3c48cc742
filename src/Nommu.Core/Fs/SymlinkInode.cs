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

    /// <summary>The same for a link that shows everyone something else (/proc/self), or not everyone anything (/proc/PID/exe).</summary>
    internal virtual Result<byte[]> ReadLink(in FsCaller caller) => ReadLink();

    /// <summary>Linux: <c>nd_jump_link</c>. Where a magic link goes, whatever it reads as (/proc/PID/fd/N, exe, cwd, root).</summary>
    /// <param name="caller">Who walks.</param>
    /// <returns>Null for an ordinary link; EACCES or ENOENT where it may not or can't be followed.</returns>
    internal virtual Result<FsPath>? FollowTo(in FsCaller caller) => null;
}
