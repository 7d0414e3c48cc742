using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs;

/// <summary>A stream of .NET's over an open file of the guest's: the host's end of a pipe or a terminal. Waits like a guest thread does, on the file's queues, and without a thread where it is asked to wait asynchronously.</summary>
/// <remarks>One read and one write may run at a time. Disposing of it closes the file.</remarks>
internal sealed class HostSideStream(FileDescription file) : Stream
{
    private readonly HostWaiter _reader = new();
    private readonly HostWaiter _writer = new();
    private int _closed;

    public override bool CanRead => _closed == 0 && file.CanRead;

    public override bool CanWrite => _closed == 0 && file.CanWrite;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            var change = _reader.Arm(file);
            if (TryRead(buffer) is { } count)
            {
                _reader.Disarm();
                return count;
            }
            change.GetAwaiter().GetResult();
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var change = _reader.Arm(file);
            try
            {
                if (TryRead(buffer.Span) is { } count)
                    return count;
                await change.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _reader.Disarm();
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (true)
        {
            var change = _writer.Arm(file);
            buffer = buffer[TryWrite(buffer)..];
            if (buffer.IsEmpty)
            {
                _writer.Disarm();
                return;
            }
            change.GetAwaiter().GetResult();
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var change = _writer.Arm(file);
            try
            {
                buffer = buffer[TryWrite(buffer.Span)..];
                if (buffer.IsEmpty)
                    return;
                await change.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _writer.Disarm();
            }
        }
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            file.Release();
            _reader.Wake();
            _writer.Wake();
        }
        base.Dispose(disposing);
    }

    /// <returns>Null where there is nothing yet; 0 at the end, which a terminal that nobody has open any more says with EIO.</returns>
    private int? TryRead(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_closed != 0, this);
        var to = new IoVector(buffer);
        var result = file.Read(ref to);
        return result.TryGet(out var count) ? (int)count
            : result.Error == Errno.EAGAIN ? null
            : result.Error == Errno.EIO ? 0
            : throw new IOException($"The guest's file can't be read: {result.Error}.");
    }

    private int TryWrite(ReadOnlySpan<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_closed != 0, this);
        var from = new IoVector(buffer);
        var result = file.Write(ref from);
        return result.TryGet(out var count) ? (int)count
            : result.Error == Errno.EAGAIN ? 0
            : throw new IOException(result.Error == Errno.EPIPE ? "The guest has closed the other end." : $"The guest's file can't be written: {result.Error}.");
    }
}

/// <summary>The host waiting for a change of a guest's file.</summary>
internal sealed class HostWaiter : Waiter
{
    private readonly PollTable _table;
    private volatile TaskCompletionSource? _change;

    internal HostWaiter() => _table = new PollTable(this);

    /// <summary>Begins to listen; what happens from now on ends the task.</summary>
    internal Task Arm(FileDescription file)
    {
        _table.Clear();
        var change = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _change = change;
        file.Poll(_table);
        return change.Task;
    }

    internal void Disarm() => _table.Clear();

    internal override void Wake() => _change?.TrySetResult();
}
