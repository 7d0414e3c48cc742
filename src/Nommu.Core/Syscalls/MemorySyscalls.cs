using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>mmap(2), munmap(2), mprotect(2), brk(2) and mremap(2).</summary>
[SyscallFamily(SyscallClasses.Memory)]
internal static class MemorySyscalls
{
    /// <summary>Linux: MAP_HUGE_2MB and MAP_HUGE_1GB, which are numbers in these bits.</summary>
    private const int HugePageSizes = (21 << 26) | (30 << 26);

    private const MapFlags KnownFlags = MapFlags.MAP_TYPE | MapFlags.MAP_FIXED | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_32BIT | MapFlags.MAP_GROWSDOWN | MapFlags.MAP_DENYWRITE | MapFlags.MAP_EXECUTABLE
        | MapFlags.MAP_LOCKED | MapFlags.MAP_NORESERVE | MapFlags.MAP_POPULATE | MapFlags.MAP_NONBLOCK | MapFlags.MAP_STACK | MapFlags.MAP_HUGETLB | MapFlags.MAP_FIXED_NOREPLACE | (MapFlags)HugePageSizes;

    [Syscall(9, "mmap")]
    internal static SyscallResult Mmap(GuestThread thread, ulong address, ulong length, MapProtection protection, MapFlags flags, int fd, long offset)
    {
        if ((offset & (long)(Arena.PageSize - 1)) != 0)
            return Errno.EINVAL;
        if ((flags & MapFlags.MAP_ANONYMOUS) != 0)
        {
            var error = CheckAnonymous(flags, length);
            if (error != Errno.None)
                return error;
            var request = new MapRequest(address, length, protection, flags);
            return request.IsShared ? MapShared(thread, request) : Map(thread, request);
        }
        using var use = thread.Files.Get(fd);
        if (use.Opened is not { } file)
            return Errno.EBADF;
        if (length == 0)
            return Errno.EINVAL;
        var refused = CheckFile(file, length, protection, flags, offset);
        if (refused != Errno.None)
            return refused;
        var mapped = Map(thread, new MapRequest(address, length, protection, flags, file, offset));
        if ((protection & MapProtection.PROT_EXEC) != 0 && mapped.Error == Errno.None)
            thread.LogLoadAddresses((ulong)mapped.Value);
        return mapped;
    }

    [Syscall(11, "munmap")]
    internal static SyscallResult Munmap(GuestThread thread, ulong address, ulong length) => thread.Space.Unmap(address, length);

    [Syscall(10, "mprotect")]
    internal static SyscallResult Mprotect(GuestThread thread, ulong address, ulong length, MapProtection protection)
    {
        var knew = thread.Space.UsesVectorExtensions;
        var error = thread.Space.Protect(address, length, protection, thread.MemoryLimits);
        if (thread.Space.UsesVectorExtensions != knew)
            thread.Process.SaveAllVectors(thread.Space);
        return error;
    }

    [Syscall(12, "brk")]
    internal static SyscallResult Brk(GuestThread thread, ulong address) => (long)BrkOrKill(thread, address);

    [Syscall(25, "mremap")]
    internal static SyscallResult Mremap(GuestThread thread, ulong oldAddress, ulong oldLength, ulong newLength, RemapFlags flags, ulong newAddress)
    {
        var moved = thread.Space.Remap(oldAddress, oldLength, newLength, flags, newAddress, thread.MemoryLimits);
        return moved.IsOk ? (long)moved.Value : moved.Error;
    }

    private static ulong BrkOrKill(GuestThread thread, ulong address)
    {
        var end = thread.Space.Brk(address, thread.MemoryLimits);
        return end < address && thread.Machine.OutOfMemory.MakeRoom(thread, address - end) ? thread.Space.Brk(address, thread.MemoryLimits) : end;
    }

    private static SyscallResult Map(GuestThread thread, in MapRequest request)
    {
        var knew = thread.Space.UsesVectorExtensions;
        var mapped = thread.Space.Map(request, thread.MemoryLimits);
        if (mapped.Error == Errno.ENOMEM && thread.Machine.OutOfMemory.MakeRoom(thread, request.Length))
            mapped = thread.Space.Map(request, thread.MemoryLimits);
        if (thread.Space.UsesVectorExtensions != knew)
            thread.Process.SaveAllVectors(thread.Space);
        return mapped.IsOk ? (long)mapped.Value : mapped.Error;
    }

    /// <summary>Linux: <c>shmem_zero_setup</c>. Shared memory without a file has one nevertheless, so that it can be mapped twice and does not grow by mremap(2).</summary>
    private static SyscallResult MapShared(GuestThread thread, in MapRequest request)
    {
        var made = thread.Fs.FileSystem.Memfd.Create(thread.FsCaller, new FileName("/dev/zero (deleted)"));
        if (!made.TryGet(out var file))
            return made.Error == Errno.ENOSYS ? Map(thread, request) : Errno.ENOMEM;
        var length = Arena.PageUp(request.Length);
        var error = length >= request.Length ? file.Truncate((long)length) : Errno.ENOMEM;
        var result = error == Errno.None ? Map(thread, request with { File = file, Offset = 0 }) : Errno.ENOMEM;
        file.Release();
        return result;
    }

    private static Errno CheckAnonymous(MapFlags flags, ulong length)
    {
        if (length == 0 || ((int)flags & (int)MapFlags.MAP_TYPE) is not ((int)MapFlags.MAP_PRIVATE or (int)MapFlags.MAP_SHARED))
            return Errno.EINVAL;
        if ((flags & MapFlags.MAP_GROWSDOWN) != 0 && ((int)flags & (int)MapFlags.MAP_TYPE) == (int)MapFlags.MAP_SHARED)
            return Errno.EINVAL;
        // There are no huge pages, as on a Linux with none set aside; and nothing of the arena lies below 2 GiB.
        return (flags & (MapFlags.MAP_HUGETLB | MapFlags.MAP_32BIT)) != 0 ? Errno.ENOMEM : Errno.None;
    }

    private static Errno CheckFile(FileDescription file, ulong length, MapProtection protection, MapFlags flags, long offset)
    {
        if (file.IsPathOnly)
            return Errno.EBADF;
        if (offset < 0 || Arena.PageUp(length) > (ulong)(long.MaxValue - offset))
            return Errno.EOVERFLOW;
        if ((flags & (MapFlags.MAP_HUGETLB | MapFlags.MAP_GROWSDOWN)) != 0)
            return Errno.EINVAL;
        if ((flags & MapFlags.MAP_32BIT) != 0)
            return Errno.ENOMEM;
        switch ((int)flags & (int)MapFlags.MAP_TYPE)
        {
            case (int)MapFlags.MAP_SHARED_VALIDATE when (flags & ~KnownFlags) != 0:
                return Errno.EOPNOTSUPP;
            case (int)MapFlags.MAP_SHARED_VALIDATE or (int)MapFlags.MAP_SHARED:
                if ((protection & MapProtection.PROT_WRITE) != 0 && !file.CanWrite)
                    return Errno.EACCES;
                break;
            case (int)MapFlags.MAP_PRIVATE:
                break;
            default:
                return Errno.EINVAL;
        }
        if (!file.CanRead)
            return Errno.EACCES;
        return (protection & MapProtection.PROT_EXEC) != 0 && (file.Path.Mount.Flags & MountFlags.MS_NOEXEC) != 0 ? Errno.EPERM : Errno.None;
    }
}
