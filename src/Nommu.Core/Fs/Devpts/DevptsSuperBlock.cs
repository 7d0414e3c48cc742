using System.Globalization;
using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Devpts;

/// <summary>Linux: <c>struct pts_fs_info</c> and the super block of devpts.</summary>
internal sealed class DevptsSuperBlock : SuperBlock
{
    private readonly DevptsDirectory _root;

    internal DevptsSuperBlock(IFileSystemType type, in MountRequest request, DevptsOptions settings) : base(type, request)
    {
        Settings = settings;
        _root = new DevptsDirectory(this);
    }

    /// <inheritdoc/>
    public override DevptsDirectory Root => _root;

    /// <inheritdoc/>
    public override string Options => Settings.ToString();

    internal DevptsOptions Settings { get; set; }

    /// <inheritdoc/>
    public override Result<Statfs> Statfs() => new Statfs { Type = Type.Magic, BlockSize = 1024, FragmentSize = 1024, NameLength = FileName.MaximumLength };

    /// <inheritdoc/>
    public override Errno Remount(MountFlags flags, ReadOnlySpan<byte> options)
    {
        if (!DevptsOptions.Parse(options, Settings).TryGet(out var changed))
            return Errno.EINVAL;
        Settings = changed;
        return Errno.None;
    }
}

/// <summary>/dev/pts: ptmx, and a node for each pair.</summary>
internal sealed class DevptsDirectory : DirectoryInode
{
    /// <summary>Linux: the first number of a slave's inode; the directory is 1, ptmx 2.</summary>
    private const ulong FirstIno = 3;

    private const int PtmxCookie = 1;
    private static readonly DeviceNumber PtmxNumber = new(5, 2);

    private readonly DevptsSuperBlock _fileSystem;
    private readonly SortedDictionary<int, SpecialInode> _slaves = [];
    private readonly PtmxInode _ptmx;

    internal DevptsDirectory(DevptsSuperBlock fileSystem) : base(fileSystem, 1, (InodeMode)0x1ED, 0, 0)
    {
        _fileSystem = fileSystem;
        _ptmx = new PtmxInode(fileSystem, PtmxNumber);
    }

    /// <inheritdoc/>
    public override Result<Inode> Lookup(FileName name)
    {
        var text = name.ToString();
        if (text == "ptmx")
            return _ptmx;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && (text[0] != '0' || text.Length == 1) && _slaves.TryGetValue(index, out var slave) ? slave : Errno.ENOENT;
    }

    /// <inheritdoc/>
    public override Result<DirectoryEntry> NextEntry(long cookie)
    {
        if (cookie < PtmxCookie)
            return new DirectoryEntry("ptmx", _ptmx.Ino, InodeMode.S_IFCHR, PtmxCookie);
        foreach (var (index, slave) in _slaves)
        {
            var own = PtmxCookie + 1 + index;
            if (own > cookie)
                return new DirectoryEntry(index.ToString(CultureInfo.InvariantCulture), slave.Ino, InodeMode.S_IFCHR, own);
        }
        return Errno.ENOENT;
    }

    internal void Add(int index, DevptsNode node)
    {
        var settings = _fileSystem.Settings;
        var inode = new SpecialInode(_fileSystem, FirstIno + (ulong)index, InodeMode.S_IFCHR | settings.Mode, settings.Uid ?? node.Uid, settings.Gid ?? node.Gid, node.Number);
        lock (NamesLock)
            _slaves[index] = inode;
        TouchModified();
    }

    internal void Remove(int index)
    {
        lock (NamesLock)
            _slaves.Remove(index);
        TouchModified();
    }

    private sealed class PtmxInode : SpecialInode
    {
        private readonly DevptsSuperBlock _fileSystem;

        internal PtmxInode(DevptsSuperBlock fileSystem, DeviceNumber number) : base(fileSystem, 2, InodeMode.S_IFCHR, 0, 0, number)
        {
            _fileSystem = fileSystem;
            Refresh();
        }

        public override void Refresh() => Mode = InodeMode.S_IFCHR | _fileSystem.Settings.PtmxMode;

        public override Errno CheckPermission(Processes.Credentials credentials, AccessMask wanted)
        {
            Refresh();
            return base.CheckPermission(credentials, wanted);
        }
    }
}
