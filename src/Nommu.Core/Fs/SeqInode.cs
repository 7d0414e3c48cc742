using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs;

/// <summary>Linux: a regular file of procfs or sysfs, whose content is made up when it is read (fs/seq_file.c). Its size is always 0.</summary>
internal abstract class SeqInode : RegularInode
{
    protected SeqInode(SuperBlock superBlock, ulong ino, InodeMode mode, uint uid = 0, uint gid = 0) : base(superBlock, ino, mode, uid, gid)
    {
    }

    /// <summary>Writes the whole content.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="opener">Who opened the file; null for the host.</param>
    /// <returns>ESRCH where what it tells of has gone.</returns>
    internal abstract Errno Show(SeqText text, GuestThread? opener);

    /// <summary>Takes one write.</summary>
    /// <param name="text">What was written, a page at most.</param>
    /// <param name="position">Where in the file.</param>
    /// <param name="opener">Who opened the file; null for the host.</param>
    /// <returns>EINVAL for what is no good value, and where nothing can be written.</returns>
    internal virtual Errno Store(ReadOnlySpan<byte> text, long position, GuestThread? opener) => Errno.EINVAL;

    /// <summary>Woken when <see cref="Generation"/> changes; null where nobody can wait for a change.</summary>
    internal virtual WaitQueue? Changed => null;

    /// <summary>Counts changes of what the file shows.</summary>
    internal virtual int Generation => 0;

    /// <summary>Checks at open beyond the permission bits.</summary>
    internal virtual Errno CheckOpen(in OpenRequest request) => Errno.None;

    /// <inheritdoc/>
    public override Result<FileDescription> Open(in OpenRequest request)
    {
        var error = CheckOpen(request);
        return error == Errno.None ? new SeqFile(this, request) : error;
    }

    /// <inheritdoc/>
    public override Errno Truncate(long size) => Errno.None;

    /// <inheritdoc/>
    public override Errno SetAttributes(in AttributeChange change) =>
        change.Mode is not null || change.Uid is not null || change.Gid is not null ? Errno.EPERM : base.SetAttributes(change);
}
