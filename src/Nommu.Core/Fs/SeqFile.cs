using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>struct seq_file</c>. Reading from the start makes the content, which then stands still however small the pieces are that it is read in.</summary>
internal sealed class SeqFile(SeqInode inode, in OpenRequest request) : SeekableFile(request.Path, request.Flags)
{
    private const int LongestWrite = 4096;

    private readonly GuestThread? _opener = request.Thread;
    private readonly Lock _lock = new();
    private SeqText? _content;
    private int _seen = inode.Generation;

    /// <inheritdoc/>
    public override Result<long> ReadAt(ref IoVector to, long position)
    {
        lock (_lock)
        {
            if (position == 0 || _content is null)
            {
                var text = new SeqText();
                var error = inode.Show(text, _opener);
                if (error != Errno.None)
                    return error;
                _content = text;
            }
            var content = _content.Written;
            if (position >= content.Length)
                return 0;
            var rest = content[(int)position..];
            var copied = to.CopyTo(rest[..(int)Math.Min(rest.Length, to.Remaining)]);
            return copied == 0 && to.Faulted ? Errno.EFAULT : copied;
        }
    }

    /// <inheritdoc/>
    protected override Result<long> WriteAt(ref IoVector from, ref long position, bool append)
    {
        var bytes = new byte[Math.Min(from.Remaining, LongestWrite)];
        if (from.CopyFrom(bytes) < bytes.Length)
            return Errno.EFAULT;
        var error = inode.Store(bytes, position, _opener);
        if (error != Errno.None)
            return error;
        position += bytes.Length;
        return bytes.Length;
    }

    /// <summary>Linux: <c>mounts_poll</c>: a change since the last look shows as an urgent event, once.</summary>
    public override PollEvents Poll(PollTable? table)
    {
        if (inode.Changed is not { } queue)
            return base.Poll(table);
        table?.Add(queue);
        var generation = inode.Generation;
        return PollEvents.POLLIN | PollEvents.POLLRDNORM | (Interlocked.Exchange(ref _seen, generation) == generation ? 0 : PollEvents.POLLERR | PollEvents.POLLPRI);
    }

    /// <inheritdoc/>
    public override Result<long> Seek(long offset, SeekWhence whence) => whence is SeekWhence.SEEK_SET or SeekWhence.SEEK_CUR ? base.Seek(offset, whence) : Errno.EINVAL;

    /// <inheritdoc/>
    public override Errno Truncate(long size) => Errno.None;
}
