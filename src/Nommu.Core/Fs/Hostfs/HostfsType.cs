using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Fs.Hostfs;

/// <summary>
/// Linux: hostfs of user-mode Linux (fs/hostfs). Differs: read-only, and of one directory that the embedder chose: whatever a guest gives mount(2) as source, it gets that directory and nothing beside it.
/// </summary>
/// <param name="directory">On the host.</param>
internal sealed class HostfsType(string directory) : IFileSystemType
{
    /// <inheritdoc/>
    public string Name => "hostfs";

    /// <summary>Linux: HOSTFS_SUPER_MAGIC.</summary>
    public long Magic => 0x00c0ffee;

    /// <inheritdoc/>
    public Result<SuperBlock> Mount(in MountRequest request)
    {
        var opened = HostTree.Open(directory);
        if (!opened.TryGet(out var tree))
            return opened.Error;
        if (tree.Root.TryStat(out var status))
            return new HostfsSuperBlock(this, request, tree, status);
        tree.Dispose();
        return Errno.EIO;
    }
}
