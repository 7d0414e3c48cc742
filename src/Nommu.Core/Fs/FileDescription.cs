using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Time;

namespace Nommu.Core.Fs;

/// <summary>
/// Linux: <c>struct file</c> with its <c>file_operations</c>. Differs: no operation ever waits. What can't be done now answers EAGAIN, and the layer above sleeps on the
/// queues that <see cref="Poll"/> names and asks again, unless the file is non-blocking.
/// </summary>
public abstract partial class FileDescription
{
    private int _references = 1;
    private int _flags;
    private readonly bool _holdsPath;

    /// <summary>An open file in the tree of mounts: keeps mount and inode.</summary>
    /// <param name="path">Where it was found.</param>
    /// <param name="flags">open(2)'s flags.</param>
    protected FileDescription(FsPath path, OpenFlags flags)
    {
        Path = path;
        _flags = (int)(flags & ~(OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_NOCTTY | OpenFlags.O_TRUNC | OpenFlags.O_CLOEXEC));
        if (!path.Mount.TryRetain())
            return;
        _holdsPath = path.Inode.TryPin();
        if (!_holdsPath)
            path.Mount.Release();
    }

    /// <summary>Where it was opened.</summary>
    public FsPath Path { get; }

    /// <summary>Its inode.</summary>
    public Inode Inode => Path.Inode;

    /// <summary>Its pages, where it has any that can be mapped. Not always the inode's own: a file of an overlay has those of the layer it is read from.</summary>
    internal virtual IMappable? Pages => Inode as IMappable;

    /// <summary>Access mode and status flags (F_GETFL).</summary>
    public OpenFlags Flags => (OpenFlags)Volatile.Read(ref _flags);

    /// <summary>True when reads are allowed.</summary>
    public bool CanRead => ((int)Flags & ((int)OpenFlags.O_ACCMODE | (int)OpenFlags.O_PATH)) is (int)OpenFlags.O_RDONLY or (int)OpenFlags.O_RDWR;

    /// <summary>True when writes are allowed.</summary>
    public bool CanWrite => ((int)Flags & ((int)OpenFlags.O_ACCMODE | (int)OpenFlags.O_PATH)) is (int)OpenFlags.O_WRONLY or (int)OpenFlags.O_RDWR;

    /// <summary>True for O_PATH: a place, not an open file.</summary>
    public bool IsPathOnly => (Flags & OpenFlags.O_PATH) != 0;

    /// <summary>True when the caller does not want to wait.</summary>
    public bool IsNonblocking => (Flags & OpenFlags.O_NONBLOCK) != 0;

    /// <summary>True where an interrupted or full write goes on until everything is written or a signal comes: streams, not files.</summary>
    public virtual bool WritesInParts => false;

    /// <summary>True while mount and inode are kept: false only for one that was opened in the moment its file went.</summary>
    internal bool HoldsPath => _holdsPath;

    internal int References => Volatile.Read(ref _references);

    /// <summary>Changes status flags (F_SETFL, FIONBIO).</summary>
    /// <param name="mask">Which.</param>
    /// <param name="value">To what.</param>
    public void SetFlags(OpenFlags mask, OpenFlags value)
    {
        int old;
        do
            old = _flags;
        while (Interlocked.CompareExchange(ref _flags, (old & ~(int)mask) | ((int)value & (int)mask), old) != old);
    }

    /// <summary>Linux: <c>job_control</c> of N_TTY. Asked once before a read that may wait: whether this caller may read at all.</summary>
    /// <param name="thread">The caller.</param>
    /// <returns>EIO, or ERESTARTSYS where a signal has been sent to it instead.</returns>
    internal virtual Errno CheckRead(GuestThread thread) => Errno.None;

    /// <summary>The same before a write.</summary>
    /// <param name="thread">The caller.</param>
    /// <returns>EIO, or ERESTARTSYS where a signal has been sent to it instead.</returns>
    internal virtual Errno CheckWrite(GuestThread thread) => Errno.None;

    /// <summary>Reads from the file's position.</summary>
    /// <param name="to">Where to; moves forward.</param>
    /// <returns>Bytes, 0 at the end; EAGAIN when there is nothing yet.</returns>
    public virtual Result<long> Read(ref IoVector to) => Errno.EINVAL;

    /// <summary>Writes at the file's position.</summary>
    /// <param name="from">Where from; moves forward.</param>
    /// <returns>Bytes; EAGAIN when there is no room yet.</returns>
    public virtual Result<long> Write(ref IoVector from) => Errno.EINVAL;

    /// <summary>Writes for somebody: of interest to files that tell others who wrote.</summary>
    internal virtual Result<long> WriteAs(GuestThread thread, ref IoVector from) => Write(ref from);

    /// <summary>Reads for somebody: of interest to files that hold something else for everyone.</summary>
    internal virtual Result<long> ReadAs(GuestThread thread, ref IoVector to) => Read(ref to);

    /// <summary>Reports what this caller can do now.</summary>
    /// <param name="thread">The caller; null where nobody in particular asks.</param>
    /// <param name="table">As <see cref="Poll"/> has it.</param>
    internal virtual PollEvents PollAs(GuestThread? thread, PollTable? table) => Poll(table);

    /// <summary>Linux: <c>show_fdinfo</c>. What /proc/PID/fdinfo says of this kind of file beyond what it says of all.</summary>
    internal virtual void ShowInfo(SeqText text)
    {
    }

    /// <summary>How long a read waits, in nanoseconds (SO_RCVTIMEO); for all but sockets for ever.</summary>
    internal virtual long ReadTimeout => MonotonicClock.Never;

    /// <summary>How long a write waits, in nanoseconds (SO_SNDTIMEO).</summary>
    internal virtual long WriteTimeout => MonotonicClock.Never;

    /// <summary>pread(2).</summary>
    /// <param name="to">Where to.</param>
    /// <param name="position">Not negative.</param>
    /// <returns>Bytes, 0 at the end.</returns>
    public virtual Result<long> ReadAt(ref IoVector to, long position) => Errno.ESPIPE;

    /// <summary>pwrite(2).</summary>
    /// <param name="from">Where from.</param>
    /// <param name="position">Not negative.</param>
    /// <returns>Bytes.</returns>
    public virtual Result<long> WriteAt(ref IoVector from, long position) => Errno.ESPIPE;

    /// <summary>lseek(2).</summary>
    /// <param name="offset">How far.</param>
    /// <param name="whence">From where.</param>
    /// <returns>The new position.</returns>
    public virtual Result<long> Seek(long offset, SeekWhence whence) => Errno.ESPIPE;

    /// <summary>Reports what can be done now.</summary>
    /// <param name="table">When given, the queues that tell of changes are added to it first.</param>
    /// <returns>Every event that holds, asked for or not.</returns>
    public virtual PollEvents Poll(PollTable? table) => PollEvents.POLLIN | PollEvents.POLLOUT | PollEvents.POLLRDNORM | PollEvents.POLLWRNORM;

    /// <summary>ioctl(2), apart from the requests that hold for every file.</summary>
    /// <param name="request">What is asked.</param>
    /// <returns>The call's value; ENOTTY for what is not understood.</returns>
    public virtual Result<long> Ioctl(in IoctlRequest request) => Errno.ENOTTY;

    /// <summary>Lists a directory.</summary>
    /// <param name="sink">Takes entries until it is full.</param>
    /// <returns>ENOTDIR.</returns>
    internal virtual Errno ReadDirectory(ref DirentWriter sink) => Errno.ENOTDIR;

    /// <summary>fsync(2).</summary>
    /// <param name="dataOnly">fdatasync(2).</param>
    /// <returns>EINVAL for what has no medium.</returns>
    public virtual Errno Fsync(bool dataOnly) => Errno.EINVAL;

    /// <summary>ftruncate(2).</summary>
    /// <param name="size">Not negative.</param>
    /// <returns>EINVAL for what has no size.</returns>
    public virtual Errno Truncate(long size) => Errno.EINVAL;

    /// <summary>fallocate(2).</summary>
    /// <param name="mode">What to do.</param>
    /// <param name="offset">Not negative.</param>
    /// <param name="length">Positive.</param>
    /// <returns>ENODEV, ESPIPE, EOPNOTSUPP.</returns>
    public virtual Errno Allocate(FallocateMode mode, long offset, long length) => Errno.ENODEV;

    /// <summary>A signal ended a wait on this file: a device may give up what it does for the caller.</summary>
    public virtual void Interrupt()
    {
    }

    /// <summary>Linux: <c>flush</c>. A descriptor of this file was closed; others may be left.</summary>
    /// <returns>close(2)'s result.</returns>
    public virtual Errno Flush() => Errno.None;

    /// <summary>Linux: <c>release</c>. The last reference is gone.</summary>
    protected virtual void Close()
    {
    }

    /// <summary>A reference is gone, and others are left.</summary>
    internal virtual void ReferenceDropped()
    {
    }

    /// <summary>Takes another reference; the caller has one.</summary>
    internal FileDescription Retain()
    {
        Interlocked.Increment(ref _references);
        return this;
    }

    /// <summary>Takes a reference unless the last has gone.</summary>
    internal bool TryRetain()
    {
        int old;
        do
        {
            old = Volatile.Read(ref _references);
            if (old == 0)
                return false;
        }
        while (Interlocked.CompareExchange(ref _references, old + 1, old) != old);
        return true;
    }

    /// <summary>Gives a reference back.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0)
        {
            ReferenceDropped();
            return;
        }
        if (Inode.HasFileLocks)
            Inode.FileLocks.ReleaseOwner(this);
        ForgetWatchers();
        Close();
        EndWriting();
        AllowWriting();
        if (!_holdsPath)
            return;
        Inode.Unpin();
        Path.Mount.Release();
    }
}

/// <summary>What ioctl(2) asks.</summary>
public readonly ref struct IoctlRequest
{
    /// <summary>The request number.</summary>
    public uint Request { get; init; }

    /// <summary>A number, or an address in guest memory.</summary>
    public ulong Argument { get; init; }

    /// <summary>Guest memory.</summary>
    public UserMemory Memory { get; init; }

    /// <summary>The caller.</summary>
    internal GuestThread Thread { get; init; }
}
