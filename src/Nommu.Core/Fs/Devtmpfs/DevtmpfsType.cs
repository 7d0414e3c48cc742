using Nommu.Core.Abi;
using Nommu.Core.Fs.Tmpfs;

namespace Nommu.Core.Fs.Devtmpfs;

/// <summary>Linux: devtmpfs. A tmpfs that exists once, however often it is mounted, in which a node comes and goes with its device.</summary>
internal sealed class DevtmpfsType : IFileSystemType
{
    private readonly PageStore _store;
    private readonly DeviceTable _devices;
    private readonly Lock _lock = new();
    private TmpfsSuperBlock? _instance;

    internal DevtmpfsType(PageStore store, DeviceTable devices)
    {
        _store = store;
        _devices = devices;
    }

    /// <inheritdoc/>
    public string Name => "devtmpfs";

    /// <inheritdoc/>
    public long Magic => 0x01021994;

    /// <inheritdoc/>
    public Result<SuperBlock> Mount(in MountRequest request)
    {
        lock (_lock)
        {
            if (_instance is not null)
            {
                var error = _instance.Remount(request.Flags, request.Options);
                return error == Errno.None ? _instance : error;
            }
            var defaults = TmpfsOptions.Default(_store.TotalPages) with { Mode = (InodeMode)0x1ED };
            var options = TmpfsOptions.Parse(request.Options, defaults, _store.TotalPages);
            if (!options.TryGet(out var parsed))
                return options.Error;
            _instance = new TmpfsSuperBlock(this, request, _store, parsed);
            // Unmounted, it lives on: the devices do.
            _instance.Retain();
            AddFixed(_instance.RootDentry);
            _devices.Subscribe((device, isNew) => Change(_instance, device, isNew));
            return _instance;
        }
    }

    /// <summary>What belongs to no device, where Linux's devtmpfs leaves it to udev: shells expect it to be there.</summary>
    private static void AddFixed(Dentry root)
    {
        _ = FindOrMake(root, "pts", make: true);
        AddLink(root, "fd", "/proc/self/fd"u8);
        AddLink(root, "stdin", "/proc/self/fd/0"u8);
        AddLink(root, "stdout", "/proc/self/fd/1"u8);
        AddLink(root, "stderr", "/proc/self/fd/2"u8);
    }

    private static void AddLink(Dentry directory, FileName name, ReadOnlySpan<byte> target)
    {
        lock (directory.Directory!.NamesLock)
        {
            var made = directory.Directory.MakeSymlink(name, target, new CreateRequest(InodeMode.S_IFLNK | InodeMode.Permissions, 0, 0));
            if (made.TryGet(out var inode))
                DirectoryLookup.Add(directory, name, inode);
        }
    }

    private static void Change(SuperBlock superBlock, Device device, bool isNew)
    {
        if (device.Name is null)
            return;
        var parts = device.Name.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var directory = superBlock.RootDentry;
        foreach (var part in parts[..^1])
        {
            if (FindOrMake(directory, part, isNew) is not { Directory: not null } child)
                return;
            directory = child;
        }
        if (isNew)
            AddNode(directory, parts[^1], device);
        else
            RemoveNode(directory, parts[^1], device);
    }

    private static Dentry? FindOrMake(Dentry directory, FileName name, bool make)
    {
        lock (directory.Directory!.NamesLock)
        {
            var found = DirectoryLookup.FindLocked(directory, name);
            if (found.IsOk || !make)
                return found.Value;
            var made = directory.Directory.MakeDirectory(name, new CreateRequest(InodeMode.S_IFDIR | (InodeMode)0x1ED, 0, 0));
            return made.TryGet(out var inode) ? DirectoryLookup.Add(directory, name, inode) : null;
        }
    }

    private static void AddNode(Dentry directory, FileName name, Device device)
    {
        lock (directory.Directory!.NamesLock)
        {
            if (DirectoryLookup.FindLocked(directory, name).IsOk)
                return;
            var made = directory.Directory.MakeNode(name, new CreateRequest(device.Mode, 0, 0), device.Number);
            if (made.TryGet(out var inode))
                DirectoryLookup.Add(directory, name, inode);
        }
    }

    /// <summary>Only our own node goes: what a user put in its place stays.</summary>
    private static void RemoveNode(Dentry directory, FileName name, Device device)
    {
        lock (directory.Directory!.NamesLock)
        {
            var found = DirectoryLookup.FindLocked(directory, name);
            if (!found.TryGet(out var dentry) || dentry.Inode.Type != InodeMode.S_IFCHR || dentry.Inode.Rdev != device.Number)
                return;
            if (directory.Directory.Unlink(name, dentry.Inode) == Errno.None)
                dentry.Delete();
        }
    }
}
