using Nommu.Core.Abi;

namespace Nommu.Core.Memory;

/// <summary>
/// Linux: <c>struct iov_iter</c>. Where the bytes of a read go, or those of a write come from: guest memory in up to 1024 pieces, or one buffer of the host.
/// It moves forward with every copy.
/// </summary>
public ref struct IoVector
{
    private readonly UserMemory? _memory;
    private ReadOnlySpan<Iovec> _segments;
    private ulong _address;
    private ulong _inSegment;
    private Span<byte> _host;
    private ReadOnlySpan<byte> _hostSource;

    /// <summary>One piece of guest memory.</summary>
    /// <param name="memory">The kernel's user memory.</param>
    /// <param name="address">Guest address; need not be valid, a bad one shows as <see cref="Faulted"/>.</param>
    /// <param name="length">Bytes.</param>
    public IoVector(UserMemory memory, ulong address, long length)
    {
        _memory = memory;
        _address = address;
        _inSegment = (ulong)length;
        Remaining = length;
    }

    /// <summary>Several pieces of guest memory; their lengths have been checked and sum to <paramref name="total"/>.</summary>
    /// <param name="memory">The kernel's user memory.</param>
    /// <param name="segments">Already copied in from the guest.</param>
    /// <param name="total">Bytes in all.</param>
    internal IoVector(UserMemory memory, ReadOnlySpan<Iovec> segments, long total)
    {
        _memory = memory;
        _segments = segments;
        Remaining = total;
    }

    /// <summary>A buffer of the host, as target of a read.</summary>
    /// <param name="target">Where the bytes go.</param>
    public IoVector(Span<byte> target)
    {
        _host = target;
        Remaining = target.Length;
    }

    /// <summary>A buffer of the host, as source of a write.</summary>
    /// <param name="source">Where the bytes come from.</param>
    public IoVector(ReadOnlySpan<byte> source)
    {
        _hostSource = source;
        Remaining = source.Length;
    }

    /// <summary>Bytes that are still to be moved.</summary>
    public long Remaining { get; private set; }

    /// <summary>Leaves out what goes beyond a number of bytes.</summary>
    internal void LimitTo(long count) => Remaining = Math.Min(Remaining, count);

    /// <summary>True once a copy met memory that the guest may not use; the operation answers what it has moved so far, or EFAULT if nothing.</summary>
    public bool Faulted { get; private set; }

    /// <summary>For a read: hands bytes to the caller.</summary>
    /// <param name="source">What was read; at most <see cref="Remaining"/> bytes of it are taken.</param>
    /// <returns>Bytes taken; fewer than asked where the buffer is full or <see cref="Faulted"/>.</returns>
    public int CopyTo(scoped ReadOnlySpan<byte> source)
    {
        if (_memory is null)
        {
            var count = Math.Min(source.Length, _host.Length);
            source[..count].CopyTo(_host);
            _host = _host[count..];
            Remaining -= count;
            return count;
        }
        var done = 0;
        while (done < source.Length && NextSegment())
        {
            var piece = (int)Math.Min((ulong)(source.Length - done), _inSegment);
            var copied = piece - _memory.CopyToUserPartial(_address, source.Slice(done, piece));
            Advance(copied);
            done += copied;
            if (copied < piece)
            {
                Faulted = true;
                break;
            }
        }
        return done;
    }

    /// <summary>For a write: takes bytes from the caller.</summary>
    /// <param name="target">Where they go; at most <see cref="Remaining"/> bytes of it are filled.</param>
    /// <returns>Bytes filled; fewer than asked where the source is empty or <see cref="Faulted"/>.</returns>
    public int CopyFrom(scoped Span<byte> target)
    {
        if (_memory is null)
        {
            var count = Math.Min(target.Length, _hostSource.Length);
            _hostSource[..count].CopyTo(target);
            _hostSource = _hostSource[count..];
            Remaining -= count;
            return count;
        }
        var done = 0;
        while (done < target.Length && NextSegment())
        {
            var piece = (int)Math.Min((ulong)(target.Length - done), _inSegment);
            var copied = piece - _memory.CopyFromUserPartial(target.Slice(done, piece), _address);
            Advance(copied);
            done += copied;
            if (copied < piece)
            {
                Faulted = true;
                break;
            }
        }
        return done;
    }

    /// <summary>For a read: hands zero bytes to the caller, as /dev/zero and holes do.</summary>
    /// <param name="count">How many.</param>
    /// <returns>Bytes handed over.</returns>
    public long FillZero(long count)
    {
        ReadOnlySpan<byte> zeros = ZeroPage;
        long done = 0;
        count = Math.Min(count, Remaining);
        while (done < count)
        {
            var piece = (int)Math.Min(count - done, zeros.Length);
            var copied = CopyTo(zeros[..piece]);
            done += copied;
            if (copied < piece)
                break;
        }
        return done;
    }

    private static readonly byte[] ZeroPage = new byte[4096];

    private bool NextSegment()
    {
        while (_inSegment == 0)
        {
            if (_segments.IsEmpty)
                return false;
            _address = _segments[0].Base;
            _inSegment = _segments[0].Length;
            _segments = _segments[1..];
        }
        return true;
    }

    private void Advance(int count)
    {
        _address += (ulong)count;
        _inSegment -= (ulong)count;
        Remaining -= count;
    }
}
