using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: pipefs, sockfs and anon_inodefs in one: inodes that are open files and have no name in any tree. readlink on their descriptor shows <c>pipe:[7]</c>.</summary>
internal sealed class AnonymousInodes : SuperBlock
{
    private readonly Mount _mount;
    private ulong _nextIno;

    internal AnonymousInodes(IFileSystemType type, in MountRequest request) : base(type, request)
    {
        Root = new EmptyDirectory(this);
        _mount = new Mount(this, RootDentry, MountFlags.None, "none", 0);
    }

    /// <inheritdoc/>
    public override DirectoryInode Root { get; }

    /// <inheritdoc/>
    public override Result<Statfs> Statfs() => new Statfs { Type = Type.Magic, BlockSize = 4096, NameLength = FileName.MaximumLength };

    /// <summary>A place for an open file.</summary>
    /// <param name="kind">What readlink shows before the number in brackets, as <c>socket</c>; or the whole of it, as <c>anon_inode:[eventpoll]</c>.</param>
    /// <param name="mode">Type and permissions.</param>
    /// <param name="uid">Owner.</param>
    /// <param name="gid">Group.</param>
    internal FsPath Create(string kind, InodeMode mode, uint uid = 0, uint gid = 0)
    {
        var ino = Interlocked.Increment(ref _nextIno) + 1;
        var inode = new SpecialInode(this, ino, mode, uid, gid, default);
        return new FsPath(_mount, new Dentry(inode, kind.Contains(':', StringComparison.Ordinal) ? kind : $"{kind}:[{ino}]"));
    }

    /// <summary>A place for an inode that is somebody else's (memfd).</summary>
    internal FsPath Place(Inode inode, FileName name) => new(_mount, new Dentry(inode, name));

    internal bool Holds(FsPath path) => path.Mount == _mount;

    private sealed class EmptyDirectory(SuperBlock superBlock) : DirectoryInode(superBlock, 1, (InodeMode)0x16D, 0, 0)
    {
        public override Result<Inode> Lookup(FileName name) => Errno.ENOENT;

        public override Result<DirectoryEntry> NextEntry(long cookie) => Errno.ENOENT;
    }
}

/// <summary>Never mounted by a user.</summary>
internal sealed class AnonymousInodesType : IFileSystemType
{
    public string Name => "anon_inodefs";

    public long Magic => 0x09041934;

    public Result<SuperBlock> Mount(in MountRequest request) => Errno.EINVAL;
}
