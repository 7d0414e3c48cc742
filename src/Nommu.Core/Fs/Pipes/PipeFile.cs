using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Fs.Pipes;

/// <summary>Linux: the <c>struct file</c> of an end of a pipe or fifo, which has been counted as open.</summary>
/// <param name="pipe">The pipe.</param>
/// <param name="path">Its place.</param>
/// <param name="flags">Access mode and status flags.</param>
/// <param name="fifo">The node of a fifo; null for a pipe.</param>
/// <param name="writerOpensSeen">For a fifo that was opened for reading without waiting: how many writers had come by then. -1 else.</param>
internal sealed class PipeFile(Pipe pipe, FsPath path, OpenFlags flags, SpecialInode? fifo, int writerOpensSeen) : FileDescription(path, flags)
{
    private const uint FIONREAD = 0x541B;

    internal Pipe Pipe { get; } = pipe;

    /// <summary>pipe2(2): both ends of a new pipe, which has no name.</summary>
    /// <param name="caller">The owner.</param>
    /// <param name="flags">O_NONBLOCK for both ends, O_DIRECT for the writing one.</param>
    internal static (PipeFile Reader, PipeFile Writer) CreatePair(in FsCaller caller, OpenFlags flags) =>
        CreatePair(caller.Fs.FileSystem.Anonymous.Create("pipe", InodeMode.S_IFIFO | (InodeMode)0x180, caller.Credentials.Fsuid, caller.Credentials.Fsgid), flags);

    /// <summary>Both ends of a new pipe.</summary>
    /// <param name="place">Its node, which has no name but through /proc/PID/fd.</param>
    /// <param name="flags">O_NONBLOCK for both ends, O_DIRECT for the writing one.</param>
    internal static (PipeFile Reader, PipeFile Writer) CreatePair(FsPath place, OpenFlags flags)
    {
        var inode = (SpecialInode)place.Inode;
        var pipe = inode.OpenPipe(read: true, write: true, out _);
        return (new PipeFile(pipe, place, OpenFlags.O_RDONLY | (flags & OpenFlags.O_NONBLOCK), inode, -1), new PipeFile(pipe, place, OpenFlags.O_WRONLY | flags, inode, -1));
    }

    /// <inheritdoc/>
    public override bool WritesInParts => true;

    /// <inheritdoc/>
    public override Result<long> Read(ref IoVector to)
    {
        var result = Pipe.Read(ref to);
        if (result.IsOk && result.Value > 0)
            Inode.TouchAccessed(Path.Mount);
        return result;
    }

    /// <inheritdoc/>
    public override Result<long> Write(ref IoVector from)
    {
        var result = Pipe.Write(ref from, (Flags & OpenFlags.O_DIRECT) != 0);
        if (result.IsOk && result.Value > 0)
            Inode.TouchModified();
        return result;
    }

    /// <inheritdoc/>
    public override PollEvents Poll(PollTable? table) => Pipe.Poll(table, CanRead, CanWrite, writerOpensSeen);

    /// <inheritdoc/>
    public override Result<long> Ioctl(in IoctlRequest request)
    {
        if (request.Request != FIONREAD)
            return Errno.ENOTTY;
        var error = request.Memory.Write(new UserPtr<int>(request.Argument), Pipe.Available);
        return error == Errno.None ? 0 : error;
    }

    /// <inheritdoc/>
    protected override void Close()
    {
        Pipe.Close(CanRead, CanWrite);
        fifo?.ClosePipe(Pipe);
    }
}
