using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Tmpfs;

/// <summary>Linux: tmpfs. Files in memory, in the kernel's page store.</summary>
internal sealed class TmpfsType(PageStore store) : IFileSystemType
{
    /// <inheritdoc/>
    public string Name => "tmpfs";

    /// <inheritdoc/>
    public long Magic => 0x01021994;

    /// <inheritdoc/>
    public Result<SuperBlock> Mount(in MountRequest request)
    {
        var options = TmpfsOptions.Parse(request.Options, TmpfsOptions.Default(store.TotalPages), store.TotalPages);
        return options.TryGet(out var parsed) ? new TmpfsSuperBlock(this, request, store, parsed) : options.Error;
    }
}
