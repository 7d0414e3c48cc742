using System.Buffers;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Host;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Drivers.Host;

/// <summary>Linux has no such device: a standard stream of the host process, as bytes and never as a terminal. Nothing is read before a guest asks for it, and what a guest has written is with the host.</summary>
/// <remarks>It has a device number, so that /proc/self/fd/1 can be opened anew, and no node.</remarks>
internal sealed class HostStreamDevice : ICharacterDevice
{
    /// <summary>Linux: the first major number for local use.</summary>
    private const uint Major = 240;

    private readonly HostDescriptor _descriptor;
    private readonly HostReadiness _readable;
    private readonly HostReadiness _writable;
    private readonly WaitQueue _changed = new();
    private int _opens;

    private HostStreamDevice(int descriptor)
    {
        _descriptor = new HostDescriptor(descriptor);
        _readable = new HostReadiness(_descriptor, HostDescriptor.Readable, IsWanted, _changed.Wake);
        _writable = new HostReadiness(_descriptor, HostDescriptor.Writable, IsWanted, _changed.Wake);
    }

    /// <summary>Opens a standard stream of the host's.</summary>
    /// <param name="files">Where its device is found from now on.</param>
    /// <param name="descriptor">0, 1 or 2.</param>
    internal static Result<FileDescription> Open(VirtualFileSystem files, int descriptor)
    {
        var number = new DeviceNumber(Major, (uint)descriptor);
        _ = files.Devices.Add(null, number, new HostStreamDevice(descriptor), (InodeMode)0x180);
        if (files.Devices.FindCharacterDevice(number) is not { } device)
            return Errno.ENXIO;
        var inode = new SpecialInode(files.Anonymous, number.Minor, InodeMode.S_IFCHR | (InodeMode)0x1B6, 0, 0, number);
        var place = files.Anonymous.Place(inode, descriptor switch { 0 => "host:stdin", 1 => "host:stdout", _ => "host:stderr" });
        return device.Open(new OpenRequest(place, descriptor == 0 ? OpenFlags.O_RDONLY : OpenFlags.O_WRONLY));
    }

    public Result<FileDescription> Open(in OpenRequest request) => new OpenFile(this, request);

    private bool IsWanted() => Volatile.Read(ref _opens) > 0;

    private sealed class OpenFile : FileDescription
    {
        private const int MaximumRead = 64 * 1024;

        /// <summary>What a pipe has room for when it says it has any (PIPE_BUF), so that a write never waits in the host.</summary>
        private const int MaximumWrite = 4096;

        private readonly HostStreamDevice _device;

        internal OpenFile(HostStreamDevice device, in OpenRequest request) : base(request.Path, request.Flags)
        {
            _device = device;
            Interlocked.Increment(ref device._opens);
        }

        public override bool WritesInParts => true;

        public override Result<long> Read(ref IoVector to)
        {
            if (to.Remaining == 0)
                return 0;
            if (!_device._descriptor.IsReady(HostDescriptor.Readable))
                return Errno.EAGAIN;
            var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(to.Remaining, MaximumRead));
            try
            {
                var read = _device._descriptor.Read(buffer.AsSpan(0, (int)Math.Min(to.Remaining, buffer.Length)));
                if (!read.TryGet(out var count))
                    return read.Error;
                return to.CopyTo(buffer.AsSpan(0, count)) == 0 && count > 0 ? Errno.EFAULT : (long)count;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        public override Result<long> Write(ref IoVector from)
        {
            Span<byte> buffer = stackalloc byte[MaximumWrite];
            long done = 0;
            while (from.Remaining > 0)
            {
                if (!_device._descriptor.IsReady(HostDescriptor.Writable))
                    return done > 0 ? done : Errno.EAGAIN;
                var rest = from;
                var count = from.CopyFrom(buffer[..(int)Math.Min(MaximumWrite, from.Remaining)]);
                if (count == 0)
                    return done > 0 ? done : Errno.EFAULT;
                var result = _device._descriptor.Write(buffer[..count]);
                var written = result.Value;
                done += written;
                if (written == count)
                    continue;
                from = rest;
                _ = from.CopyFrom(buffer[..written]);
                if (!result.IsOk)
                    return done > 0 ? done : result.Error;
            }
            return done;
        }

        public override PollEvents Poll(PollTable? table)
        {
            table?.Add(_device._changed);
            var events = PollEvents.None;
            if (CanRead && IsReady(table, HostDescriptor.Readable, _device._readable))
                events |= PollEvents.POLLIN | PollEvents.POLLRDNORM;
            if (CanWrite && IsReady(table, HostDescriptor.Writable, _device._writable))
                events |= PollEvents.POLLOUT | PollEvents.POLLWRNORM;
            return events;
        }

        public override Result<long> Ioctl(in IoctlRequest request)
        {
            if ((IoctlNumber)request.Request != IoctlNumber.FIONREAD || !CanRead)
                return Errno.ENOTTY;
            var error = request.Memory.Write(new UserPtr<int>(request.Argument), _device._descriptor.Available);
            return error == Errno.None ? 0 : error;
        }

        protected override void Close() => Interlocked.Decrement(ref _device._opens);

        private bool IsReady(PollTable? table, short events, HostReadiness readiness)
        {
            if (_device._descriptor.IsReady(events))
                return true;
            if (table is not null)
                readiness.Request();
            return false;
        }
    }
}
