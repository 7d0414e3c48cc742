using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Pipes;

/// <summary>
/// Linux: <c>struct pipe_inode_info</c>. A queue of page-sized buffers between writers and readers, with pipe(7)'s atomicity: what fits in PIPE_BUF is written in one piece or not at all.
/// </summary>
internal sealed partial class Pipe
{
    /// <summary>Linux: PIPE_BUF and the size of a buffer.</summary>
    internal const int PageSize = 4096;

    /// <summary>Linux: PIPE_DEF_BUFFERS.</summary>
    internal const int DefaultBuffers = 16;

    /// <summary>Linux: /proc/sys/fs/pipe-max-size, in bytes: the limit for those who are not root.</summary>
    internal const int MaximumSize = 1 << 20;

    private readonly Lock _lock = new();
    private Buffer[] _buffers = new Buffer[DefaultBuffers];
    private int _head;
    private int _count;
    private int _readers;
    private int _writers;
    private int _writerOpens;

    /// <summary>Woken when data or room comes, and when an end opens or closes.</summary>
    internal WaitQueue ReadQueue { get; } = new();

    /// <summary>Woken when room comes, and when an end opens or closes.</summary>
    internal WaitQueue WriteQueue { get; } = new();

    internal int Readers => _readers;

    internal int Writers => _writers;

    /// <summary>Counts opens of the reading end: a fifo's writer waits for it to move, not for a reader to stay.</summary>
    internal int ReaderOpens { get; private set; }

    /// <summary>Counts opens of the writing end.</summary>
    internal int WriterOpens => _writerOpens;

    internal bool IsUnused => Readers == 0 && Writers == 0;

    /// <summary>F_GETPIPE_SZ.</summary>
    internal int Capacity
    {
        get
        {
            lock (_lock)
                return _buffers.Length * PageSize;
        }
    }

    /// <summary>FIONREAD.</summary>
    internal int Available
    {
        get
        {
            lock (_lock)
            {
                var sum = 0;
                for (var i = 0; i < _count; i++)
                    sum += Slot(i).Length;
                return sum;
            }
        }
    }

    /// <summary>Counts ends as open.</summary>
    /// <returns>What the other side was like in that moment.</returns>
    internal PipePartners Open(bool read, bool write)
    {
        PipePartners partners;
        lock (_lock)
        {
            partners = new PipePartners(Readers, Writers, ReaderOpens, WriterOpens);
            if (read)
            {
                _readers++;
                ReaderOpens++;
            }
            if (write)
            {
                _writers++;
                _writerOpens++;
            }
        }
        WakeAll();
        return partners;
    }

    internal void Close(bool read, bool write)
    {
        lock (_lock)
        {
            if (read)
                _readers--;
            if (write)
                _writers--;
        }
        WakeAll();
    }

    /// <summary>Reads what is there.</summary>
    /// <returns>0 at the end of all writers; EAGAIN when it is empty.</returns>
    internal Result<long> Read(ref IoVector to)
    {
        if (to.Remaining == 0)
            return 0;
        long done = 0;
        bool wasFull;
        lock (_lock)
        {
            if (_count == 0)
                return Writers == 0 ? 0 : Errno.EAGAIN;
            wasFull = _count >= _buffers.Length;
            while (_count > 0 && to.Remaining > 0)
            {
                ref var slot = ref Slot(0);
                var copied = to.CopyTo(slot.Page.AsSpan(slot.Offset, slot.Length));
                done += copied;
                slot.Offset += copied;
                slot.Length -= copied;
                if (to.Faulted)
                    break;
                var packet = slot.IsPacket;
                // What a packet's reader does not take of it is lost (pipe(2), O_DIRECT).
                if (slot.Length == 0 || packet)
                    Drop();
                if (packet)
                    break;
            }
        }
        if (wasFull)
            WriteQueue.Wake();
        return done == 0 && to.Faulted ? Errno.EFAULT : done;
    }

    /// <summary>Writes what fits, or all of it where that is promised.</summary>
    /// <returns>EPIPE without readers; EAGAIN when nothing fits now.</returns>
    internal Result<long> Write(ref IoVector from, bool packets)
    {
        if (from.Remaining == 0)
            return 0;
        long done = 0;
        lock (_lock)
        {
            if (Readers == 0)
                return Errno.EPIPE;
            var total = from.Remaining;
            // Linux's pipe_write: the odd part of a write joins the last buffer if it fits there; the rest takes buffers of its own.
            var odd = (int)(total & (PageSize - 1));
            if (odd != 0 && _count > 0 && !packets)
            {
                ref var last = ref Slot(_count - 1);
                if (!last.IsPacket && last.Offset + last.Length + odd <= PageSize)
                    done += Append(ref last, odd, ref from);
            }
            if (total <= PageSize && done == 0 && _count >= _buffers.Length)
                return Errno.EAGAIN;
            while (from.Remaining > 0 && !from.Faulted && _count < _buffers.Length)
            {
                ref var slot = ref Slot(_count);
                slot.Offset = slot.Length = 0;
                slot.IsPacket = packets;
                slot.Page ??= new byte[PageSize];
                var moved = Append(ref slot, (int)Math.Min(PageSize, from.Remaining), ref from);
                if (moved == 0)
                    break;
                _count++;
                done += moved;
            }
        }
        if (done > 0)
            ReadQueue.Wake();
        if (done > 0)
            return done;
        return from.Faulted ? Errno.EFAULT : Errno.EAGAIN;
    }

    /// <summary>What can be done now. Takes no lock, so that polling many pipes is cheap: every change is followed by a wake-up, and what is read first is what must not run ahead of the rest.</summary>
    internal PollEvents Poll(PollTable? table, bool read, bool write, int writerOpensSeen)
    {
        if (read)
            table?.Add(ReadQueue);
        if (write)
            table?.Add(WriteQueue);
        var events = PollEvents.None;
        if (read)
        {
            // A fifo's reader that has never seen a writer is not hung up, only early.
            var seen = Volatile.Read(ref _writerOpens) != writerOpensSeen;
            // Whoever wrote and left is seen to have left only together with what it wrote.
            var hungUp = seen && Volatile.Read(ref _writers) == 0;
            if (Volatile.Read(ref _count) > 0)
                events |= PollEvents.POLLIN | PollEvents.POLLRDNORM;
            if (hungUp)
                events |= PollEvents.POLLHUP;
        }
        if (write)
        {
            if (Volatile.Read(ref _count) < Volatile.Read(ref _buffers).Length)
                events |= PollEvents.POLLOUT | PollEvents.POLLWRNORM;
            if (Volatile.Read(ref _readers) == 0)
                events |= PollEvents.POLLERR;
        }
        return events;
    }

    /// <summary>F_SETPIPE_SZ.</summary>
    /// <returns>The new capacity; EBUSY when what is in the pipe does not fit.</returns>
    internal Result<long> SetCapacity(ulong bytes, bool privileged)
    {
        if (bytes > int.MaxValue)
            return Errno.EINVAL;
        var pages = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, (bytes + PageSize - 1) / PageSize));
        lock (_lock)
        {
            if (pages > _buffers.Length && (long)pages * PageSize > MaximumSize && !privileged)
                return Errno.EPERM;
            if (pages < _count)
                return Errno.EBUSY;
            Resize(pages);
        }
        WriteQueue.Wake();
        return (long)pages * PageSize;
    }

    private ref Buffer Slot(int index) => ref _buffers[(_head + index) & (_buffers.Length - 1)];

    private void Drop()
    {
        _head = (_head + 1) & (_buffers.Length - 1);
        _count--;
    }

    private static int Append(ref Buffer slot, int count, ref IoVector from)
    {
        var moved = from.CopyFrom(slot.Page.AsSpan(slot.Offset + slot.Length, count));
        slot.Length += moved;
        return moved;
    }

    private void WakeAll()
    {
        ReadQueue.Wake();
        WriteQueue.Wake();
    }

    private struct Buffer
    {
        internal byte[] Page;
        internal int Offset;
        internal int Length;
        internal bool IsPacket;
    }
}

/// <summary>Who had a pipe open, and how often it had been opened, just before somebody joined.</summary>
internal readonly record struct PipePartners(int Readers, int Writers, int ReaderOpens, int WriterOpens);
