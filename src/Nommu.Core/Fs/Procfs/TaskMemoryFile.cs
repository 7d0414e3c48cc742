using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: /proc/PID/mem (proc(5)): a process's memory, by address, for who may attach to it (ptrace(2)); wherever its pages are, and as far as it may access them itself.</summary>
internal sealed class TaskMemoryFile(ProcTask task, ulong ino) : TaskFile(task, ino, InodeMode.S_IRUSR | InodeMode.S_IWUSR, static (_, _, _) => Errno.EIO, isGuarded: true)
{
    /// <inheritdoc/>
    public override Result<FileDescription> Open(in OpenRequest request)
    {
        var error = CheckOpen(request);
        if (error != Errno.None)
            return error;
        return Task.FindThread()?.Space is { } memory ? new OpenFile(request, memory) : Errno.ESRCH;
    }

    /// <summary>Linux: <c>mem_rw</c>. It stays with the memory it was opened for: nothing is read of a process that has ended or executed another program.</summary>
    private sealed class OpenFile(in OpenRequest request, AddressSpace memory) : FileDescription(request.Path, request.Flags)
    {
        private readonly Lock _positionLock = new();
        private long _position;

        /// <inheritdoc/>
        public override Result<long> Read(ref IoVector to)
        {
            lock (_positionLock)
                return Moved(ReadAt(ref to, _position));
        }

        /// <inheritdoc/>
        public override Result<long> Write(ref IoVector from)
        {
            lock (_positionLock)
                return Moved(WriteAt(ref from, _position));
        }

        /// <inheritdoc/>
        public override Result<long> ReadAt(ref IoVector to, long position) => Transfer(ref to, position, isWrite: false);

        /// <inheritdoc/>
        public override Result<long> WriteAt(ref IoVector from, long position) => Transfer(ref from, position, isWrite: true);

        /// <inheritdoc/>
        public override Result<long> Seek(long offset, SeekWhence whence)
        {
            lock (_positionLock)
            {
                // Addresses have no end to count from.
                if (whence is not (SeekWhence.SEEK_SET or SeekWhence.SEEK_CUR))
                    return Errno.EINVAL;
                return _position = whence == SeekWhence.SEEK_SET ? offset : _position + offset;
            }
        }

        private Result<long> Moved(Result<long> count)
        {
            if (count.TryGet(out var bytes))
                _position += bytes;
            return count;
        }

        private Result<long> Transfer(ref IoVector mine, long position, bool isWrite)
        {
            if (!memory.TryRetain())
                return 0;
            try
            {
                var wanted = mine.Remaining;
                var moved = memory.Transfer(ref mine, (ulong)position, (ulong)wanted, isWrite);
                return moved > 0 || wanted == 0 ? moved : mine.Faulted ? Errno.EFAULT : Errno.EIO;
            }
            finally
            {
                memory.Release();
            }
        }
    }
}
