using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs;

/// <summary>Linux: nsfs: a namespace as a file, which setns(2) takes and whose number tells namespaces apart (namespaces(7)).</summary>
internal sealed class NamespaceInode : RegularInode
{
    private const InodeMode ReadAll = (InodeMode)0x124;

    private readonly Namespace _namespace;
    private readonly FsPath _place;

    private NamespaceInode(Namespace space, AnonymousInodes files) : base(files, space.Number, ReadAll, 0, 0)
    {
        _namespace = space;
        _place = files.Place(this, $"{space.Kind}:[{space.Number}]");
    }

    /// <summary>Where a namespace's file is.</summary>
    internal static FsPath PlaceOf(Namespace space, AnonymousInodes files)
    {
        lock (space)
            return (space.Inode ??= new NamespaceInode(space, files))._place;
    }

    /// <inheritdoc/>
    public override Result<FileDescription> Open(in OpenRequest request)
    {
        if (request.CanWrite)
            return Errno.EPERM;
        return _namespace.TryRetain() ? new NamespaceFile(_namespace, request) : Errno.ENOENT;
    }
}

/// <summary>A namespace that somebody has open, and that does not end as long as that lasts.</summary>
internal sealed class NamespaceFile(Namespace space, in OpenRequest request) : FileDescription(request.Path, request.Flags)
{
    internal Namespace Namespace => space;

    /// <inheritdoc/>
    protected override void Close() => space.GiveBack();
}
