using System.Globalization;
using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Diagnostics;
using Nommu.Core.Fs;
using Nommu.Core.Memory;

namespace Nommu.Core.Drivers.Char;

/// <summary>Linux: /dev/kmsg: one record of the kernel's log per read, one message to it per write (Documentation/ABI/testing/dev-kmsg).</summary>
internal sealed class KmsgDevice(LogBuffer log) : ICharacterDevice
{
    internal static readonly DeviceNumber Number = new(1, 11);

    private const int MaximumMessage = 1024;
    private const int UserFacility = 1 << 3;
    private const int DefaultLevel = 4;

    public Result<FileDescription> Open(in OpenRequest request) => new OpenFile(log, request);

    private sealed class OpenFile(LogBuffer log, in OpenRequest request) : FileDescription(request.Path, request.Flags)
    {
        private readonly Lock _lock = new();
        private long _next = log.FirstSequence;

        public override Result<long> Read(ref IoVector to)
        {
            lock (_lock)
            {
                if (_next < log.FirstSequence)
                {
                    // What was to be read next has been overwritten: said once, then the oldest that is left.
                    _next = log.FirstSequence;
                    return Errno.EPIPE;
                }
                if (log.Find(_next) is not { } record)
                    return Errno.EAGAIN;
                var line = Format(record);
                if (line.Length > to.Remaining)
                    return Errno.EINVAL;
                _next = record.Sequence + 1;
                return to.CopyTo(line) < line.Length ? Errno.EFAULT : line.Length;
            }
        }

        public override Result<long> Write(ref IoVector from)
        {
            if (from.Remaining > MaximumMessage)
                return Errno.EINVAL;
            Span<byte> buffer = stackalloc byte[MaximumMessage];
            var total = (int)from.Remaining;
            if (from.CopyFrom(buffer[..total]) < total)
                return Errno.EFAULT;
            var text = buffer[..total];
            var priority = UserFacility | DefaultLevel;
            var close = text.IndexOf((byte)'>');
            if (text.StartsWith("<"u8) && close > 1 && int.TryParse(text[1..close], NumberStyles.None, CultureInfo.InvariantCulture, out var given))
            {
                // Nobody outside the kernel writes in its name (facility 0).
                priority = (given & ~7) == 0 ? given | UserFacility : given;
                text = text[(close + 1)..];
            }
            log.Write(priority, text);
            return total;
        }

        public override Result<long> Seek(long offset, SeekWhence whence)
        {
            if (offset != 0)
                return Errno.ESPIPE;
            lock (_lock)
            {
                switch (whence)
                {
                    case SeekWhence.SEEK_SET or SeekWhence.SEEK_DATA:
                        _next = log.FirstSequence;
                        return 0;
                    case SeekWhence.SEEK_END:
                        _next = log.NextSequence;
                        return 0;
                    default:
                        return Errno.EINVAL;
                }
            }
        }

        public override PollEvents Poll(PollTable? table)
        {
            table?.Add(log.Written);
            lock (_lock)
            {
                if (_next < log.FirstSequence)
                    return PollEvents.POLLIN | PollEvents.POLLRDNORM | PollEvents.POLLERR | PollEvents.POLLPRI;
                return _next < log.NextSequence ? PollEvents.POLLIN | PollEvents.POLLRDNORM : PollEvents.None;
            }
        }

        /// <summary>Bytes that are not printable are shown as <c>\x0a</c>, so that a record is one line.</summary>
        private static byte[] Format(LogRecord record)
        {
            var line = new StringBuilder();
            line.Append(CultureInfo.InvariantCulture, $"{record.Priority},{record.Sequence},{record.Time.Ticks / TimeSpan.TicksPerMicrosecond},-;");
            foreach (var value in record.Text)
            {
                if (value is < 32 or >= 127 or (byte)'\\')
                    line.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}");
                else
                    line.Append((char)value);
            }
            return Encoding.Latin1.GetBytes(line.Append('\n').ToString());
        }
    }
}
