using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: the super block of procfs. Nothing in it is remembered: processes' files are made as they are looked up.</summary>
internal sealed class ProcfsSuperBlock : SuperBlock
{
    private ulong _lastIno = (ulong)RootIno;

    /// <summary>Linux: PROC_ROOT_INO.</summary>
    private const int RootIno = 1;

    internal ProcfsSuperBlock(IFileSystemType type, in MountRequest request, Machine machine) : base(type, request)
    {
        Machine = machine;
        BootId = Guid.NewGuid();
        var root = new ProcRootDirectory(this, RootIno);
        ProcTree.Fill(this, root);
        Root = root;
    }

    /// <inheritdoc/>
    public override DirectoryInode Root { get; }

    /// <inheritdoc/>
    public override bool KeepsAccessTime => false;

    internal Machine Machine { get; }

    /// <summary>/proc/sys/kernel/random/boot_id.</summary>
    internal Guid BootId { get; }

    /// <summary>A number for a file that stays.</summary>
    internal ulong NextIno() => ++_lastIno;

    /// <inheritdoc/>
    public override Result<Statfs> Statfs() => new Statfs { Type = Type.Magic, BlockSize = 4096, NameLength = FileName.MaximumLength };
}
