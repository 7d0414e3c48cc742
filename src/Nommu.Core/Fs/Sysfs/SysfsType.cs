using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Sysfs;

/// <summary>Linux: sysfs (sysfs(5)). Differs: shows what mdev(8) and its like look for, the registered devices by class and by number, and little else.</summary>
/// <param name="devices">The devices.</param>
internal sealed class SysfsType(DeviceTable devices) : IFileSystemType
{
    private readonly Lock _lock = new();
    private SysfsSuperBlock? _instance;

    /// <inheritdoc/>
    public string Name => "sysfs";

    /// <inheritdoc/>
    public long Magic => (long)StatfsMagic.SYSFS_MAGIC;

    /// <inheritdoc/>
    public Result<SuperBlock> Mount(in MountRequest request)
    {
        lock (_lock)
        {
            if (_instance is null)
            {
                _instance = new SysfsSuperBlock(this, request);
                _instance.Retain();
                devices.Subscribe(_instance.Change);
            }
            return _instance;
        }
    }
}

/// <summary>Linux: the super block of sysfs.</summary>
internal sealed class SysfsSuperBlock : SuperBlock
{
    private readonly SysfsTree _tree;

    internal SysfsSuperBlock(IFileSystemType type, in MountRequest request) : base(type, request) => _tree = new SysfsTree(this);

    /// <inheritdoc/>
    public override DirectoryInode Root => _tree.Root;

    /// <inheritdoc/>
    public override bool KeepsAccessTime => false;

    /// <inheritdoc/>
    public override Result<Statfs> Statfs() => new Statfs { Type = Type.Magic, BlockSize = 4096, NameLength = FileName.MaximumLength };

    /// <summary>A device has come or gone.</summary>
    internal void Change(Device device, bool isNew)
    {
        if (isNew)
            _tree.Add(device);
        else
            _tree.Remove(device);
    }
}
