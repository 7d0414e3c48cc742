using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: a directory of <c>proc_dir_entry</c> or kernfs: filled by the kernel, closed to users.</summary>
/// <param name="superBlock">The file system it belongs to.</param>
/// <param name="ino">Its number.</param>
/// <param name="mode">Permissions.</param>
internal class PseudoDirectory(SuperBlock superBlock, ulong ino, InodeMode mode = (InodeMode)0x16D) : DirectoryInode(superBlock, ino, mode, 0, 0)
{
    private readonly Dictionary<FileName, Inode> _inodes = [];
    private readonly List<FileName> _names = [];

    /// <summary>How many entries <see cref="Add"/> has made.</summary>
    protected int Count => _names.Count;

    /// <summary>Puts something in, while the file system is being put together.</summary>
    internal void Add(string name, Inode inode)
    {
        FileName key = name;
        _inodes.Add(key, inode);
        _names.Add(key);
        if (inode is DirectoryInode)
            NumberOfLinks++;
    }

    /// <inheritdoc/>
    public override bool CachesNames => true;

    /// <inheritdoc/>
    public override Result<Inode> Lookup(FileName name) => _inodes.TryGetValue(name, out var inode) ? inode : Errno.ENOENT;

    /// <inheritdoc/>
    public override Result<DirectoryEntry> NextEntry(long cookie)
    {
        if (cookie >= _names.Count)
            return Errno.ENOENT;
        var name = _names[(int)cookie];
        var inode = _inodes[name];
        return new DirectoryEntry(name, inode.Ino, inode.Type, cookie + 1);
    }

    /// <summary>What creating a name in it answers. In procfs the lookup before it has already failed.</summary>
    protected virtual Errno Refusal => Errno.ENOENT;

    /// <inheritdoc/>
    public override Result<Inode> Create(FileName name, in CreateRequest request) => Refusal;

    /// <inheritdoc/>
    public override Result<Inode> MakeDirectory(FileName name, in CreateRequest request) => Refusal;

    /// <inheritdoc/>
    public override Result<Inode> MakeNode(FileName name, in CreateRequest request, DeviceNumber device) => Refusal;

    /// <inheritdoc/>
    public override Result<Inode> MakeSymlink(FileName name, ReadOnlySpan<byte> target, in CreateRequest request) => Refusal;

    /// <inheritdoc/>
    public override Errno SetAttributes(in AttributeChange change) =>
        change.Mode is not null || change.Uid is not null || change.Gid is not null ? Errno.EPERM : base.SetAttributes(change);
}

/// <summary>Linux: <c>proc_symlink</c>: a link whose target never changes.</summary>
internal sealed class PseudoSymlink : SymlinkInode
{
    private readonly byte[] _target;

    internal PseudoSymlink(SuperBlock superBlock, ulong ino, string target) : base(superBlock, ino, 0, 0)
    {
        _target = System.Text.Encoding.UTF8.GetBytes(target);
        Size = _target.Length;
    }

    /// <inheritdoc/>
    public override long Blocks => 0;

    /// <inheritdoc/>
    public override Result<byte[]> ReadLink() => _target;
}
