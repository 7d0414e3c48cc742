using System.Runtime.InteropServices;

namespace Nommu.Core.Host;

/// <summary>A memfd of the host, mapped as a whole: bytes that the kernel reaches as spans and a guest by a mapping of the same file. Untouched parts take no memory.</summary>
internal sealed unsafe class HostMemoryFile : IHostFile, IDisposable
{
    private const int SYS_memfd_create = 319;
    private const int SYS_fallocate = 285;
    private const int SYS_ftruncate = 77;
    private const int SYS_close = 3;
    private const int MFD_CLOEXEC = 1;
    private const int PROT_READ_WRITE = 3;
    private const int MAP_SHARED_NORESERVE = 0x4001;
    private const int FALLOC_FL_PUNCH_HOLE_KEEP_SIZE = 3;

    private readonly byte* _base;

    /// <param name="size">Bytes, a multiple of the page size.</param>
    internal HostMemoryFile(long size)
    {
        Size = size;
        fixed (byte* name = "nommu-pages\0"u8)
            Descriptor = (int)Checked(HostCalls.syscall(SYS_memfd_create, (nint)name, MFD_CLOEXEC, 0, 0, 0, 0));
        try
        {
            Checked(HostCalls.syscall(SYS_ftruncate, Descriptor, (nint)size, 0, 0, 0, 0));
            _base = (byte*)Checked(HostCalls.mmap(0, (nuint)size, PROT_READ_WRITE, MAP_SHARED_NORESERVE, Descriptor, 0));
        }
        catch
        {
            HostCalls.syscall(SYS_close, Descriptor, 0, 0, 0, 0, 0);
            throw;
        }
    }

    /// <inheritdoc/>
    public int Descriptor { get; }

    /// <inheritdoc/>
    public long Size { get; }

    /// <summary>Bytes of the file.</summary>
    internal Span<byte> Span(long offset, int length)
    {
        if (offset < 0 || length < 0 || offset + length > Size)
            throw new ArgumentOutOfRangeException(nameof(offset));
        return new Span<byte>(_base + offset, length);
    }

    /// <summary>Gives pages back to the host; they read as zeros from then on.</summary>
    internal void Discard(long offset, long length)
    {
        if (HostCalls.syscall(SYS_fallocate, Descriptor, FALLOC_FL_PUNCH_HOLE_KEEP_SIZE, (nint)offset, (nint)length, 0, 0) == 0)
            return;
        for (; length > 0; offset += 4096, length -= 4096)
            Span(offset, (int)Math.Min(4096, length)).Clear();
    }

    public void Dispose()
    {
        HostCalls.munmap((nint)_base, (nuint)Size);
        HostCalls.syscall(SYS_close, Descriptor, 0, 0, 0, 0, 0);
    }

    private static nint Checked(nint result) => result != -1 ? result : throw new InvalidOperationException($"The host refuses memory for files: errno {Marshal.GetLastPInvokeError()}.");
}
