using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Fs;

namespace Nommu.Samples.CharacterDevice;

/// <summary>/dev/counter: every line that is read is the next number; writing a number sets it; an ioctl asks for it; and whoever polls waits until there is one below the limit.</summary>
public sealed class CounterDevice : Core.Fs.CharacterDevice
{
    /// <summary>_IOR('C', 1, long): the counter's value.</summary>
    internal const uint COUNTER_GET = 0x80084301;

    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _value;

    /// <summary>How far it counts; a reader then waits until the counter is set.</summary>
    internal const long Limit = 5;

    protected override Errno Open(CharacterDeviceFile file)
    {
        lock (_openFiles)
            _openFiles.Add(file);
        return Errno.None;
    }

    protected override async ValueTask<Result<int>> ReadAsync(CharacterDeviceFile file, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_value < Limit)
                {
                    var line = Encoding.ASCII.GetBytes((++_value).ToString(CultureInfo.InvariantCulture) + "\n");
                    if (line.Length > buffer.Length)
                        return Errno.EINVAL;
                    line.CopyTo(buffer);
                    return line.Length;
                }
                changed = _changed.Task;
            }
            if (file.IsNonblocking)
                return Errno.EAGAIN;
            await changed.WaitAsync(cancellationToken);
        }
    }

    protected override ValueTask<Result<int>> WriteAsync(CharacterDeviceFile file, ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        if (!long.TryParse(Encoding.ASCII.GetString(buffer.Span).Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            return new(Errno.EINVAL);
        lock (_lock)
        {
            _value = value;
            _changed.TrySetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        lock (_openFiles)
        {
            foreach (var open in _openFiles)
                open.NotifyChanged();
        }
        return new(buffer.Length);
    }

    protected override Result<long> Ioctl(CharacterDeviceFile file, in IoctlRequest request)
    {
        if (request.Request != COUNTER_GET)
            return Errno.ENOTTY;
        Span<byte> value = stackalloc byte[sizeof(long)];
        lock (_lock)
            BinaryPrimitives.WriteInt64LittleEndian(value, _value);
        var error = request.Memory.Write(request.Argument, value);
        return error == Errno.None ? 0 : error;
    }

    protected override PollEvents Poll(CharacterDeviceFile file)
    {
        lock (_lock)
            return PollEvents.POLLOUT | PollEvents.POLLWRNORM | (_value < Limit ? PollEvents.POLLIN | PollEvents.POLLRDNORM : 0);
    }

    protected override void Release(CharacterDeviceFile file)
    {
        lock (_openFiles)
            _openFiles.Remove(file);
    }

    private readonly HashSet<CharacterDeviceFile> _openFiles = [];
}
