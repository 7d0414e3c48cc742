using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Eventfd;

/// <summary>Linux: <c>struct eventfd_ctx</c> with its file (eventfd(2)): a counter that readers wait for.</summary>
internal sealed class EventfdFile(FsPath path, ulong count, EventfdFlags flags) : FileDescription(path, OpenFlags.O_RDWR | (OpenFlags)(flags & EventfdFlags.EFD_NONBLOCK))
{
    /// <summary>The counter never holds more, so that a write of it would not be seen as an overflow.</summary>
    private const ulong Largest = ulong.MaxValue - 1;

    private readonly Lock _lock = new();
    private readonly WaitQueue _changed = new();
    private ulong _count = count;

    internal static EventfdFile Create(VirtualFileSystem fileSystem, ulong count, EventfdFlags flags) =>
        new(fileSystem.Anonymous.Create("anon_inode:[eventfd]", (InodeMode)0x180), count, flags);

    /// <inheritdoc/>
    /// <remarks>Linux: <c>noop_llseek</c>.</remarks>
    public override Result<long> Seek(long offset, SeekWhence whence) => 0;

    /// <inheritdoc/>
    public override Result<long> Read(ref IoVector to)
    {
        if (to.Remaining < sizeof(ulong))
            return Errno.EINVAL;
        ulong taken;
        lock (_lock)
        {
            if (_count == 0)
                return Errno.EAGAIN;
            taken = (flags & EventfdFlags.EFD_SEMAPHORE) != 0 ? 1 : _count;
            _count -= taken;
        }
        _changed.Wake();
        return to.CopyTo(MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in taken))) == sizeof(ulong) ? sizeof(ulong) : Errno.EFAULT;
    }

    /// <inheritdoc/>
    public override Result<long> Write(ref IoVector from)
    {
        if (from.Remaining < sizeof(ulong))
            return Errno.EINVAL;
        // The value is taken out of a copy: a write that waits comes here again with the same source.
        var source = from;
        ulong added = 0;
        if (source.CopyFrom(MemoryMarshal.AsBytes(new Span<ulong>(ref added))) < sizeof(ulong))
            return Errno.EFAULT;
        if (added == ulong.MaxValue)
            return Errno.EINVAL;
        lock (_lock)
        {
            if (added > Largest - _count)
                return Errno.EAGAIN;
            _count += added;
        }
        from = source;
        _changed.Wake();
        return sizeof(ulong);
    }

    /// <inheritdoc/>
    public override PollEvents Poll(PollTable? table)
    {
        table?.Add(_changed);
        var count = Volatile.Read(ref _count);
        return (count > 0 ? PollEvents.POLLIN : PollEvents.None) | (count < Largest ? PollEvents.POLLOUT : PollEvents.None);
    }
}
