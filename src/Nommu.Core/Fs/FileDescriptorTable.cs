using System.Numerics;
using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>struct files_struct</c>. Descriptor numbers of a process. Looked up without a lock; changed under one.</summary>
/// <remarks>While one thread alone uses the table nobody can close a file under it, so a lookup takes no reference (as Linux's <c>fdget</c>).</remarks>
internal sealed class FileDescriptorTable
{
    private readonly Lock _lock = new();
    private FileDescription?[] _files;
    private ulong[] _open;
    private ulong[] _closeOnExec;
    private int _lowestFree;
    private int _users = 1;

    internal FileDescriptorTable() : this(64)
    {
    }

    private FileDescriptorTable(int capacity)
    {
        _files = new FileDescription?[capacity];
        _open = new ulong[capacity / 64];
        _closeOnExec = new ulong[capacity / 64];
    }

    /// <summary>Linux: NR_OPEN's default; no limit may be above it.</summary>
    internal const int MaximumLimit = 1 << 20;

    /// <summary>RLIMIT_NOFILE: no new descriptor at or above it.</summary>
    internal int Limit { get; set; } = 1024;

    /// <summary>Numbers there is room for: FDSize in /proc/PID/status.</summary>
    internal int Capacity => Volatile.Read(ref _files).Length;

    /// <summary>True while another process or thread uses it too.</summary>
    internal bool IsShared => Volatile.Read(ref _users) > 1;

    /// <summary>The file behind a descriptor of somebody else's table (/proc/PID/fd), with a reference of its own.</summary>
    internal FileDescription? Retain(int fd)
    {
        lock (_lock)
            return (uint)fd < (uint)_files.Length ? _files[fd]?.Retain() : null;
    }

    /// <summary>The file behind a descriptor, kept while the caller uses it: <c>using var file = files.Get(fd);</c></summary>
    internal FileUse Get(int fd)
    {
        var files = Volatile.Read(ref _files);
        if ((uint)fd >= (uint)files.Length)
            return default;
        if (Volatile.Read(ref _users) == 1)
            return new FileUse(Volatile.Read(ref files[fd]), owned: false);
        while (true)
        {
            var file = Volatile.Read(ref files[fd]);
            if (file is null)
                return default;
            if (!file.TryRetain())
            {
                files = Volatile.Read(ref _files);
                continue;
            }
            if (Volatile.Read(ref Volatile.Read(ref _files)[fd]) == file)
                return new FileUse(file, owned: true);
            file.Release();
        }
    }

    /// <summary>Gives a file the lowest free number; the table takes over the caller's reference, on failure too.</summary>
    internal Result<int> Add(FileDescription file, bool closeOnExec, int minimum = 0)
    {
        lock (_lock)
        {
            var fd = Reserve(minimum);
            if (fd >= 0)
            {
                Set(fd, file, closeOnExec);
                return fd;
            }
        }
        file.Release();
        return Errno.EMFILE;
    }

    /// <summary>Linux: <c>get_unused_fd_flags</c>: the lowest free number, for a file that is yet to come.</summary>
    /// <returns>EMFILE.</returns>
    internal Result<int> Reserve()
    {
        lock (_lock)
        {
            var fd = Reserve(0);
            if (fd < 0)
                return Errno.EMFILE;
            SetBit(_open, fd, true);
            return fd;
        }
    }

    /// <summary>Linux: <c>put_unused_fd</c>.</summary>
    internal void GiveBack(int fd)
    {
        lock (_lock)
        {
            SetBit(_open, fd, false);
            _lowestFree = Math.Min(_lowestFree, fd);
        }
    }

    /// <summary>Linux: <c>fd_install</c>. The table takes over the caller's reference.</summary>
    internal void Install(int fd, FileDescription file, bool closeOnExec)
    {
        lock (_lock)
            Set(fd, file, closeOnExec);
    }

    /// <summary>dup2(2) and dup3(2), once the two numbers are known to differ; takes over the caller's reference.</summary>
    /// <returns>EBADF above the limit, EBUSY where the number waits for another file.</returns>
    internal Result<int> Replace(int fd, FileDescription file, bool closeOnExec)
    {
        FileDescription? old = null;
        var error = Errno.None;
        lock (_lock)
        {
            if ((uint)fd >= (uint)Math.Min(Limit, MaximumLimit))
            {
                error = Errno.EBADF;
            }
            else
            {
                Grow(fd);
                old = _files[fd];
                if (old is null && (_open[fd >> 6] & Bit(fd)) != 0)
                    error = Errno.EBUSY;
                else
                    Set(fd, file, closeOnExec);
            }
        }
        if (error == Errno.None)
        {
            CloseFile(old);
            return fd;
        }
        file.Release();
        return error;
    }

    /// <summary>close(2).</summary>
    internal Errno Close(int fd)
    {
        FileDescription? file;
        lock (_lock)
            file = Take(fd);
        return file is null ? Errno.EBADF : CloseFile(file);
    }

    /// <summary>close_range(2).</summary>
    internal void CloseRange(uint first, uint last)
    {
        for (var fd = Next((int)Math.Min(first, int.MaxValue)); fd >= 0 && (uint)fd <= last; fd = Next(fd + 1))
            Close(fd);
    }

    /// <summary>close_range(2) with CLOSE_RANGE_CLOEXEC.</summary>
    internal void SetCloseOnExecRange(uint first, uint last)
    {
        for (var fd = Next((int)Math.Min(first, int.MaxValue)); fd >= 0 && (uint)fd <= last; fd = Next(fd + 1))
            SetCloseOnExec(fd, true);
    }

    internal bool GetCloseOnExec(int fd)
    {
        lock (_lock)
            return (uint)fd < (uint)_files.Length && (_closeOnExec[fd >> 6] & Bit(fd)) != 0;
    }

    internal void SetCloseOnExec(int fd, bool value)
    {
        lock (_lock)
        {
            if ((uint)fd < (uint)_files.Length && _files[fd] is not null)
                SetBit(_closeOnExec, fd, value);
        }
    }

    /// <summary>Linux: <c>do_close_on_exec</c>.</summary>
    internal void CloseOnExec()
    {
        for (var word = 0; word < Volatile.Read(ref _closeOnExec).Length; word++)
        {
            ulong bits;
            while ((bits = Volatile.Read(ref _closeOnExec)[word]) != 0)
                Close((word << 6) + BitOperations.TrailingZeroCount(bits));
        }
    }

    /// <summary>The first open descriptor from <paramref name="from"/> on, or -1: how /proc/PID/fd lists them.</summary>
    internal int Next(int from)
    {
        var files = Volatile.Read(ref _files);
        for (var fd = from; fd < files.Length; fd++)
        {
            if (Volatile.Read(ref files[fd]) is not null)
                return fd;
        }
        return -1;
    }

    /// <summary>Linux: <c>dup_fd</c>: for a child without CLONE_FILES.</summary>
    internal FileDescriptorTable Clone()
    {
        lock (_lock)
        {
            var copy = new FileDescriptorTable(_files.Length) { Limit = Limit, _lowestFree = _lowestFree };
            _open.CopyTo(copy._open, 0);
            _closeOnExec.CopyTo(copy._closeOnExec, 0);
            for (var fd = 0; fd < _files.Length; fd++)
            {
                copy._files[fd] = _files[fd]?.Retain();
                if (_files[fd] is null && (_open[fd >> 6] & Bit(fd)) != 0) // reserved, and not for the copy
                    copy.GiveBack(fd);
            }
            return copy;
        }
    }

    /// <summary>For a child or thread with CLONE_FILES.</summary>
    internal FileDescriptorTable Share()
    {
        Interlocked.Increment(ref _users);
        return this;
    }

    /// <summary>Linux: <c>put_files_struct</c>: closes everything when the last user goes.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _users) != 0)
            return;
        for (var fd = Next(0); fd >= 0; fd = Next(fd + 1))
            Close(fd);
    }

    private Errno CloseFile(FileDescription? file)
    {
        if (file is null)
            return Errno.None;
        // fcntl(2): closing any descriptor of a file gives up all of the process's record locks on it.
        if (file.Inode.HasFileLocks)
            file.Inode.FileLocks.ReleaseOwner(this);
        var error = file.Flush();
        file.Release();
        return error;
    }

    private int Reserve(int minimum)
    {
        var fd = Math.Max(minimum, _lowestFree);
        while (true)
        {
            var word = fd >> 6;
            if (word >= _open.Length)
                break;
            var free = ~_open[word] & (ulong.MaxValue << (fd & 63));
            if (free != 0)
            {
                fd = (word << 6) + BitOperations.TrailingZeroCount(free);
                break;
            }
            fd = (word + 1) << 6;
        }
        if (fd >= Math.Min(Limit, MaximumLimit))
            return -1;
        Grow(fd);
        if (minimum <= _lowestFree)
            _lowestFree = fd + 1;
        return fd;
    }

    private void Set(int fd, FileDescription file, bool closeOnExec)
    {
        SetBit(_open, fd, true);
        SetBit(_closeOnExec, fd, closeOnExec);
        Volatile.Write(ref _files[fd], file);
    }

    private FileDescription? Take(int fd)
    {
        if ((uint)fd >= (uint)_files.Length || _files[fd] is not { } file)
            return null;
        SetBit(_open, fd, false);
        SetBit(_closeOnExec, fd, false);
        Volatile.Write(ref _files[fd], null);
        _lowestFree = Math.Min(_lowestFree, fd);
        return file;
    }

    private void Grow(int fd)
    {
        if (fd < _files.Length)
            return;
        var capacity = (int)Math.Max(BitOperations.RoundUpToPowerOf2((uint)fd + 1), 64);
        Array.Resize(ref _open, capacity / 64);
        Array.Resize(ref _closeOnExec, capacity / 64);
        var files = new FileDescription?[capacity];
        _files.CopyTo(files, 0);
        Volatile.Write(ref _files, files);
    }

    private static ulong Bit(int fd) => 1UL << (fd & 63);

    private static void SetBit(ulong[] bits, int fd, bool value)
    {
        if (value)
            bits[fd >> 6] |= Bit(fd);
        else
            bits[fd >> 6] &= ~Bit(fd);
    }
}

/// <summary>Linux: <c>struct fd</c>. A file in use by a call, which gives it back at its end.</summary>
internal readonly ref struct FileUse(FileDescription? file, bool owned)
{
    /// <summary>Null when the descriptor is not open.</summary>
    internal FileDescription? File { get; } = file;

    /// <summary>The file if it is open for more than its place (not O_PATH).</summary>
    internal FileDescription? Opened => File is { IsPathOnly: false } ? File : null;

    public void Dispose()
    {
        if (owned)
            File!.Release();
    }
}
