namespace Nommu.Core.Fs.Initramfs;

/// <summary>A stream whose first bytes have been looked at and are still to be read.</summary>
internal sealed class PeekedStream : Stream
{
    private readonly Stream _inner;
    private readonly byte[] _start;
    private readonly int _length;
    private int _position;

    internal PeekedStream(Stream inner, int count)
    {
        _inner = inner;
        _start = new byte[count];
        _length = inner.ReadAtLeast(_start, count, throwOnEndOfStream: false);
    }

    internal ReadOnlySpan<byte> Start => _start.AsSpan(0, _length);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        if (_position == _length)
            return _inner.Read(buffer);
        var count = Math.Min(buffer.Length, _length - _position);
        _start.AsSpan(_position, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
