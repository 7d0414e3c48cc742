using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Nommu.Core.Abi;

namespace Nommu.Core.Host;

/// <summary>A file or directory of the host by a descriptor of its own, to be looked at and read, never written.</summary>
internal sealed unsafe class HostFile : SafeHandleMinusOneIsInvalid, IHostFile
{
    private const int SYS_close = 3, SYS_pread64 = 17, SYS_lseek = 8, SYS_fstatfs = 138, SYS_getdents64 = 217, SYS_newfstatat = 262, SYS_readlinkat = 267;
    private const int AT_EMPTY_PATH = 0x1000;
    private const int PageSize = 4096;

    internal HostFile(int descriptor) : base(ownsHandle: true) => SetHandle(descriptor);

    /// <inheritdoc/>
    public int Descriptor => (int)handle;

    /// <inheritdoc/>
    public long Size => TryStat(out var status) ? (status.Size + PageSize - 1) & -PageSize : 0;

    /// <summary>fstat(2), in the host's own <c>struct stat</c>, which is the guest's.</summary>
    internal bool TryStat(out Stat status)
    {
        Stat found;
        bool ok;
        fixed (byte* empty = "\0"u8)
            ok = HostCalls.syscall(SYS_newfstatat, Descriptor, (nint)empty, (nint)(&found), AT_EMPTY_PATH, 0, 0) == 0;
        status = found;
        return ok;
    }

    /// <summary>fstatfs(2).</summary>
    internal Result<Statfs> Statfs()
    {
        Statfs found;
        return HostCalls.syscall(SYS_fstatfs, Descriptor, (nint)(&found), 0, 0, 0, 0) == 0 ? found : LastError;
    }

    /// <summary>pread(2).</summary>
    /// <returns>Bytes, 0 at the end.</returns>
    internal Result<int> ReadAt(Span<byte> buffer, long position)
    {
        fixed (byte* target = buffer)
        {
            nint count;
            do
                count = HostCalls.syscall(SYS_pread64, Descriptor, (nint)target, buffer.Length, (nint)position, 0, 0);
            while (count < 0 && LastError == Errno.EINTR);
            return count < 0 ? LastError : (int)count;
        }
    }

    /// <summary>lseek(2) with SEEK_DATA or SEEK_HOLE.</summary>
    internal Result<long> Seek(long offset, int whence)
    {
        var found = HostCalls.syscall(SYS_lseek, Descriptor, (nint)offset, whence, 0, 0, 0);
        return found < 0 ? LastError : found;
    }

    /// <summary>getdents64(2): the entries behind those that were read before.</summary>
    /// <returns>Bytes of <c>struct linux_dirent64</c>, 0 at the end.</returns>
    internal Result<int> ReadDirectory(Span<byte> buffer)
    {
        fixed (byte* target = buffer)
        {
            var count = HostCalls.syscall(SYS_getdents64, Descriptor, (nint)target, buffer.Length, 0, 0, 0);
            return count < 0 ? LastError : (int)count;
        }
    }

    /// <summary>readlink(2) of the symbolic link that this descriptor stands for.</summary>
    internal Result<byte[]> ReadLink()
    {
        const int Longest = 4096;
        var buffer = stackalloc byte[Longest];
        nint count;
        fixed (byte* empty = "\0"u8)
            count = HostCalls.syscall(SYS_readlinkat, Descriptor, (nint)empty, (nint)buffer, Longest, 0, 0);
        return count < 0 ? LastError : new ReadOnlySpan<byte>(buffer, (int)count).ToArray();
    }

    protected override bool ReleaseHandle() => HostCalls.syscall(SYS_close, handle, 0, 0, 0, 0, 0) == 0;

    private static Errno LastError => (Errno)Marshal.GetLastPInvokeError();
}
