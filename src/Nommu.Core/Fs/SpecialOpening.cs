using Nommu.Core.Abi;
using Nommu.Core.Fs.Pipes;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>chrdev_open</c>, <c>fifo_open</c> and what stands for the rest: opens what lies outside of its file system.</summary>
internal static class SpecialOpening
{
    internal static Result<FileDescription> Open(in FsCaller caller, SpecialInode inode, in OpenRequest request) => !inode.CanBeOpened ? Errno.ENXIO : inode.Type switch
    {
        InodeMode.S_IFCHR => caller.Fs.FileSystem.Devices.FindCharacterDevice(inode.Rdev) is { } device ? device.Open(request) : Errno.ENXIO,
        InodeMode.S_IFIFO => FifoOpening.Open(inode, request),
        _ => Errno.ENXIO,
    };
}
