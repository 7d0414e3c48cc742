using System.Text;
using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Tmpfs;

/// <summary>Linux: the files of memfd_create(2) and of System V's shared memory, and their kernel-internal tmpfs (<c>shm_mnt</c>), which has no limits of its own.</summary>
internal sealed class Memfd(VirtualFileSystem fileSystem)
{
    private readonly Lock _lock = new();
    private SuperBlock? _superBlock;

    /// <summary>memfd_create(2).</summary>
    /// <param name="caller">Its owner.</param>
    /// <param name="name">What readlink shows behind <c>/memfd:</c>.</param>
    /// <param name="flags">MFD_ALLOW_SEALING and MFD_NOEXEC_SEAL.</param>
    /// <returns>ENOSYS in a kernel without tmpfs, ENOSPC.</returns>
    internal Result<FileDescription> Create(in FsCaller caller, ReadOnlySpan<byte> name, MemfdFlags flags)
    {
        var made = Create(caller, new FileName($"/memfd:{Encoding.UTF8.GetString(name)} (deleted)"));
        if ((flags & MemfdFlags.MFD_NOEXEC_SEAL) != 0 && made.IsOk)
            ((TmpfsFile)made.Value.Inode).SealNotExecutable();
        else if ((flags & MemfdFlags.MFD_ALLOW_SEALING) != 0 && made.IsOk)
            ((TmpfsFile)made.Value.Inode).AllowSealing();
        return made;
    }

    /// <summary>Linux: <c>shmem_kernel_file_setup</c>. A new file without a name in any tree.</summary>
    /// <param name="caller">Its owner.</param>
    /// <param name="name">What /proc/PID/maps shows.</param>
    /// <returns>ENOSYS in a kernel without tmpfs, ENOSPC.</returns>
    internal Result<FileDescription> Create(in FsCaller caller, FileName name)
    {
        var found = FindSuperBlock();
        if (!found.TryGet(out var superBlock))
            return found.Error;
        var made = superBlock.Root.CreateUnnamed(new CreateRequest(InodeMode.S_IFREG | InodeMode.S_IRWXUGO, caller.Credentials.Fsuid, caller.Credentials.Fsgid));
        if (!made.TryGet(out var inode) || inode is not TmpfsFile file)
            return made.IsOk ? Errno.ENOSYS : made.Error;
        file.MayBeWrittenUncounted = true;
        return file.Open(new OpenRequest(fileSystem.Anonymous.Place(file, name), OpenFlags.O_RDWR | OpenFlags.O_LARGEFILE));
    }

    private Result<SuperBlock> FindSuperBlock()
    {
        lock (_lock)
        {
            if (_superBlock is not null)
                return _superBlock;
            if (fileSystem.FindType("tmpfs") is not { } type)
                return Errno.ENOSYS;
            var mounted = type.Mount(new MountRequest("none", MountFlags.None, "size=0,nr_inodes=0"u8, fileSystem.NextDevice(), fileSystem.Clock));
            _superBlock = mounted.Value;
            return mounted;
        }
    }
}
