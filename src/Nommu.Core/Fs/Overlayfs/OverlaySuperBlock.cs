using System.Runtime.CompilerServices;
using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Overlayfs;

/// <summary>Linux: <c>struct ovl_fs</c>. One overlay: directories on top of each other, seen as one, of which the topmost takes what is written.</summary>
internal sealed class OverlaySuperBlock : SuperBlock
{
    /// <summary>What the numbers of inodes leave free at their top for the file systems of the layers (Linux: xino).</summary>
    private const int InoBits = 56;

    private static readonly FileName s_whiteoutName = "whiteout";

    private readonly OverlayLayer[] _lowers;
    private readonly Dentry? _work;
    private readonly ConditionalWeakTable<Inode, Inode> _byUpper = [];
    private readonly ConditionalWeakTable<Inode, object> _origins = [];

    /// <summary>Makes an overlay.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="request">Clock, device, flags.</param>
    /// <param name="lowers">Directories that are only read, the topmost first.</param>
    /// <param name="upper">The directory that is written to; null for none.</param>
    /// <param name="work">Another one, in the same file system as that.</param>
    /// <param name="options">As /proc/mounts shows them.</param>
    internal OverlaySuperBlock(IFileSystemType type, in MountRequest request, Dentry[] lowers, Dentry? upper, Dentry? work, string options) : base(type, request)
    {
        Options = options;
        _work = work;
        List<SuperBlock> known = [];
        int IndexOf(Dentry layer)
        {
            var superBlock = layer.Inode.SuperBlock;
            if (!known.Contains(superBlock))
                known.Add(superBlock);
            return known.IndexOf(superBlock);
        }
        _lowers = new OverlayLayer[lowers.Length];
        for (var i = lowers.Length - 1; i >= 0; i--)
            _lowers[i] = new OverlayLayer(lowers[i], MountFlags.MS_RDONLY | MountFlags.MS_NOATIME, IndexOf(lowers[i]));
        if (upper is not null)
            UpperLayer = new OverlayLayer(upper, MountFlags.None, IndexOf(upper));
        else
            Flags |= MountFlags.MS_RDONLY;
        var root = new OverlayNode(this, null, default, UpperLayer is null ? null : new OverlayPath(UpperLayer, upper!), [.. _lowers.Select((layer, i) => new OverlayPath(layer, lowers[i]))]);
        Root = new OverlayDirectory(root);
    }

    /// <inheritdoc/>
    public override DirectoryInode Root { get; }

    /// <inheritdoc/>
    public override string Options { get; }

    /// <summary>The layers' own files keep theirs.</summary>
    public override bool KeepsAccessTime => false;

    internal OverlayLayer? UpperLayer { get; }

    /// <summary>Held while names in the upper layer change or files go there.</summary>
    internal Lock UpperLock { get; } = new();

    /// <inheritdoc/>
    public override Result<Statfs> Statfs()
    {
        var found = (UpperLayer ?? _lowers[0]).Mount.SuperBlock.Statfs();
        return found.TryGet(out var status) ? status with { Type = Type.Magic } : found;
    }

    /// <inheritdoc/>
    public override Errno Remount(MountFlags flags, ReadOnlySpan<byte> options) => UpperLayer is null && (flags & MountFlags.MS_RDONLY) == 0 ? Errno.EROFS : Errno.None;

    /// <summary>The number of an inode: that of the file below, for as long as it shows through.</summary>
    internal ulong InoOf(OverlayPath? upper, OverlayPath[] lowers)
    {
        if (lowers.Length > 0)
            return InoOf(lowers[0].Layer, lowers[0].Inode.Ino);
        return _origins.TryGetValue(upper!.Inode, out var origin) ? (ulong)origin : InoOf(upper.Layer, upper.Inode.Ino);
    }

    internal static ulong InoOf(OverlayLayer layer, ulong ino) => ino ^ ((ulong)(uint)layer.Index << InoBits);

    /// <summary>A file was copied up and keeps its number.</summary>
    internal void Remember(Inode upper, ulong ino) => _origins.AddOrUpdate(upper, ino);

    /// <summary>The inode of what a name was found to stand for: one for all names of a file in the upper layer.</summary>
    internal Inode Get(OverlayNode node)
    {
        if (node.Upper is not { } upper || upper.Inode is DirectoryInode)
            return Make(node);
        return _byUpper.GetValue(upper.Inode, _ => Make(node));
    }

    /// <summary>A file was copied up: whoever finds it by another name gets the same inode.</summary>
    internal void Adopt(Inode upper, Inode inode) => _byUpper.AddOrUpdate(upper, inode);

    /// <summary>Makes a whiteout that has yet to be put in place; what comes then can't fail for want of room.</summary>
    /// <returns>Its name in the work directory.</returns>
    internal Result<FileName> PrepareWhiteout()
    {
        var directory = _work!.Directory!;
        lock (directory.NamesLock)
        {
            if (DirectoryLookup.FindLocked(_work, s_whiteoutName).IsOk)
                return s_whiteoutName;
            var made = directory.MakeNode(s_whiteoutName, new CreateRequest(InodeMode.S_IFCHR, 0, 0), default);
            if (!made.TryGet(out var inode))
                return made.Error;
            DirectoryLookup.Add(_work, s_whiteoutName, inode);
            return s_whiteoutName;
        }
    }

    /// <summary>Puts the whiteout that was prepared in the place of whatever has a name in a directory of the upper layer, but for a directory.</summary>
    internal Errno PlaceWhiteout(Dentry directory, FileName name) => OverlayUpper.Rename(_work!, s_whiteoutName, directory, name, RenameFlags.None);

    private static Inode Make(OverlayNode node) => node.Real.Inode switch
    {
        DirectoryInode => new OverlayDirectory(node),
        RegularInode => new OverlayFile(node),
        SymlinkInode => new OverlaySymlink(node),
        _ => new OverlaySpecial(node),
    };

    /// <inheritdoc/>
    protected override void Dispose()
    {
        UpperLayer?.Release();
        foreach (var layer in _lowers)
            layer.Release();
    }
}
