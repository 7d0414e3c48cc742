using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs;

/// <summary>Linux: the <c>struct file</c> of a character device. Differs: an operation that waits goes on beside the caller, who sleeps on this file's queue until it is done.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The last reference disposes of them in Close.")]
public sealed class CharacterDeviceFile : FileDescription
{
    private const int MaximumTransfer = 64 * 1024;

    private readonly CharacterDevice _device;
    private readonly Lock _lock = new();
    private readonly PendingOperation _read;
    private readonly PendingOperation _write;
    private readonly WaitQueue _changed = new();
    private bool _abandoned;

    internal CharacterDeviceFile(CharacterDevice device, in OpenRequest request) : base(request.Path, request.Flags)
    {
        _device = device;
        _read = new PendingOperation(_changed);
        _write = new PendingOperation(_changed);
    }

    /// <summary>State of the driver for this open file (Linux: <c>private_data</c>).</summary>
    public object? State { get; set; }

    /// <summary>Wakes whoever polls this file: <see cref="CharacterDevice.Poll"/> would answer differently now.</summary>
    public void NotifyChanged() => _changed.Wake();

    /// <inheritdoc/>
    public override Result<long> Read(ref IoVector to)
    {
        if (to.Remaining == 0)
            return 0;
        lock (_lock)
        {
            if (_read.IsFree(keepsData: true))
            {
                var buffer = _read.Prepare((int)Math.Min(to.Remaining, MaximumTransfer));
                _read.Run(_device.ReadAsync(this, buffer, _read.Token));
            }
            var result = _read.TakeResult();
            if (!result.TryGet(out var count))
                return result.Error;
            var rest = _read.Buffer.Span[..count];
            var copied = to.CopyTo(rest);
            // A reader that came for more may have left, and this one wants less: the rest waits for the next.
            _read.KeepRest(copied, count);
            return copied == 0 && to.Faulted ? Errno.EFAULT : (long)copied;
        }
    }

    /// <inheritdoc/>
    public override Result<long> Write(ref IoVector from)
    {
        lock (_lock)
        {
            if (_write.IsFree(keepsData: false))
            {
                var buffer = _write.Prepare((int)Math.Min(from.Remaining, MaximumTransfer));
                var filled = from.CopyFrom(buffer.Span);
                if (filled == 0 && from.Faulted)
                    return Errno.EFAULT;
                _write.Run(_device.WriteAsync(this, buffer[..filled], _write.Token));
            }
            var result = _write.TakeResult();
            return result.TryGet(out var count) ? count : result.Error;
        }
    }

    /// <inheritdoc/>
    public override Result<long> Seek(long offset, SeekWhence whence) => Errno.ESPIPE;

    /// <inheritdoc/>
    public override Result<long> Ioctl(in IoctlRequest request) => _device.Ioctl(this, request);

    /// <inheritdoc/>
    public override PollEvents Poll(PollTable? table)
    {
        table?.Add(_changed);
        return _device.Poll(this);
    }

    /// <inheritdoc/>
    public override void Interrupt()
    {
        _read.Cancel();
        _write.Cancel();
    }

    /// <inheritdoc/>
    protected override void Close()
    {
        _read.Cancel();
        _write.Cancel();
        _read.Dispose();
        _write.Dispose();
        if (!_abandoned)
            _device.Release(this);
    }

    internal void Abandon()
    {
        _abandoned = true;
        Release();
    }
}
