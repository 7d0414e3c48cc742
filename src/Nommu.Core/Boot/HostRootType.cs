using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Hostfs;
using Nommu.Core.Fs.Overlayfs;

namespace Nommu.Core.Boot;

/// <summary>The root of a machine that has the host's own files: a directory of the host, only read, and over it a tmpfs that takes what guests write. mount(2) does not know it.</summary>
/// <param name="directory">On the host.</param>
/// <param name="overlay">What /proc/mounts calls it.</param>
/// <param name="memory">The kind of file system that takes what is written.</param>
internal sealed class HostRootType(string directory, IFileSystemType overlay, IFileSystemType memory) : IFileSystemType
{
    /// <inheritdoc/>
    public string Name => overlay.Name;

    /// <inheritdoc/>
    public long Magic => overlay.Magic;

    /// <inheritdoc/>
    /// <exception cref="IOException">There is no such directory, or this process may not look into it.</exception>
    public Result<SuperBlock> Mount(in MountRequest request)
    {
        var lower = new HostfsType(directory).Mount(request);
        if (!lower.TryGet(out var files))
            throw new IOException($"{directory} can't be the root: {lower.Error}.");
        var upper = memory.Mount(new MountRequest("none", MountFlags.None, "size=0,nr_inodes=0"u8, request.Device, request.Clock));
        if (!upper.TryGet(out var changes))
            return upper.Error;
        var root = files.Root;
        var top = MakeDirectory(changes.RootDentry, "upper", new CreateRequest(root.Mode, root.Uid, root.Gid));
        if (top.IsOk)
            top.Value.Inode.SetAttributes(new AttributeChange { AccessTime = root.AccessTime, ModifyTime = root.ModifyTime, ChangeTime = changes.Now });
        var work = MakeDirectory(changes.RootDentry, "work", new CreateRequest(InodeMode.S_IFDIR, 0, 0));
        return top.IsOk && work.IsOk
            ? new OverlaySuperBlock(overlay, request, [files.RootDentry], top.Value, work.Value, $"lowerdir={directory},upperdir=tmpfs")
            : Errno.ENOSPC;
    }

    private static Result<Dentry> MakeDirectory(Dentry parent, FileName name, in CreateRequest request)
    {
        var directory = parent.Directory!;
        lock (directory.NamesLock)
        {
            var made = directory.MakeDirectory(name, request);
            return made.TryGet(out var inode) ? DirectoryLookup.Add(parent, name, inode) : made.Error;
        }
    }
}
