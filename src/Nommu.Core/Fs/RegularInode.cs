using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: an inode of type S_IFREG.</summary>
public abstract class RegularInode : Inode
{
    private WriteCount _writeCount;

    /// <inheritdoc/>
    protected RegularInode(SuperBlock superBlock, ulong ino, InodeMode mode, uint uid, uint gid)
        : base(superBlock, ino, InodeMode.S_IFREG | (mode & InodeMode.Permissions), uid, gid)
    {
    }

    /// <summary>Who writes it, or who does not let it be written.</summary>
    internal ref WriteCount WriteCount => ref _writeCount;

    /// <summary>It was opened for writing in a way that <see cref="WriteCount"/> does not know of, as Linux has it with memfd_create(2).</summary>
    internal bool MayBeWrittenUncounted { get; set; }

    /// <summary>Opens it; permissions are checked, O_TRUNC is done by the caller.</summary>
    /// <param name="request">How.</param>
    /// <returns>An open file, with one reference.</returns>
    public abstract Result<FileDescription> Open(in OpenRequest request);

    /// <summary>Sets the size, of content too.</summary>
    /// <param name="size">Not negative.</param>
    /// <returns>EFBIG, ENOSPC, or EPERM where the file is sealed.</returns>
    public virtual Errno Truncate(long size) => Errno.EINVAL;
}

/// <summary>How a file is to be opened.</summary>
/// <param name="Path">Where it was found.</param>
/// <param name="Flags">open(2)'s flags.</param>
public readonly record struct OpenRequest(FsPath Path, OpenFlags Flags)
{
    /// <summary>The caller; null when the kernel itself or the host opens.</summary>
    internal Processes.GuestThread? Thread { get; init; }

    /// <summary>True when O_NONBLOCK is set.</summary>
    public bool IsNonblocking => (Flags & OpenFlags.O_NONBLOCK) != 0;

    /// <summary>True when the file can be read through this open.</summary>
    public bool CanRead => (Flags & OpenFlags.O_ACCMODE) is OpenFlags.O_RDONLY or OpenFlags.O_RDWR;

    /// <summary>True when the file can be written through this open.</summary>
    public bool CanWrite => (Flags & OpenFlags.O_ACCMODE) is OpenFlags.O_WRONLY or OpenFlags.O_RDWR;
}
