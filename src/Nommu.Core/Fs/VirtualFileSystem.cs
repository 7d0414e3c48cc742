using System.Collections.Concurrent;
using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>What a kernel's files consist of: the mounts, the types that can be mounted, the devices behind nodes.</summary>
internal sealed class VirtualFileSystem
{
    private readonly Dictionary<string, IFileSystemType> _types = new(StringComparer.Ordinal);
    private uint _nextDevice;
    private uint _lastNamespace = 0xEFFFFFFF;

    /// <summary>Makes the tree, with its root mounted.</summary>
    /// <param name="types">What mount(2) can mount; a later one of the same name wins.</param>
    /// <param name="rootType">Name of the root's type.</param>
    /// <param name="rootOptions">The root's mount options.</param>
    /// <param name="devices">Drivers by device number.</param>
    /// <param name="clock">The kernel's clock.</param>
    /// <param name="root">The root's type where it is none of those.</param>
    internal VirtualFileSystem(IEnumerable<IFileSystemType> types, string rootType, ReadOnlySpan<byte> rootOptions, DeviceTable devices, TimeProvider clock, IFileSystemType? root = null)
    {
        foreach (var type in types)
            _types[type.Name] = type;
        Devices = devices;
        Clock = clock;
        Memfd = new Tmpfs.Memfd(this);
        Anonymous = new AnonymousInodes(new AnonymousInodesType(), new MountRequest("none", MountFlags.None, default, NextDevice(), clock));
        root ??= _types[rootType];
        var mounted = root.Mount(new MountRequest("rootfs", MountFlags.None, rootOptions, NextDevice(), clock));
        if (!mounted.TryGet(out var superBlock))
            throw new InvalidOperationException($"The root file system '{root.Name}' does not mount: {mounted.Error}.");
        Mounts = new MountNamespace(NextNamespace(), superBlock, MountFlags.None, root.Name == rootType ? "rootfs" : root.Name);
    }

    /// <summary>Those that init begins with.</summary>
    internal MountNamespace Mounts { get; }

    internal DeviceTable Devices { get; }

    internal TimeProvider Clock { get; }

    /// <summary>Where pipes, sockets and their like live.</summary>
    internal AnonymousInodes Anonymous { get; }

    /// <summary>Who sleeps for a record lock.</summary>
    internal RecordLockWaits RecordLockWaits { get; } = new();

    /// <summary>Which epolls watch which.</summary>
    internal Epoll.EpollNesting EpollNesting { get; } = new();

    /// <summary>Files of memfd_create(2).</summary>
    internal Tmpfs.Memfd Memfd { get; }

    /// <summary>A context at the root of everything, for the kernel itself and for init.</summary>
    internal FsContext CreateContext() => new(this, Mounts, Root, Root);

    /// <summary>Every process's root and working directory.</summary>
    internal ConcurrentDictionary<FsContext, byte> Contexts { get; } = new();

    internal FsPath Root => new(Mounts.Root, Mounts.Root.Root);

    internal IReadOnlyCollection<IFileSystemType> Types => _types.Values;

    internal IFileSystemType? FindType(string name) => _types.GetValueOrDefault(name);

    /// <summary>Linux: <c>proc_alloc_inum</c>: a number for a namespace.</summary>
    internal uint NextNamespace() => Interlocked.Increment(ref _lastNamespace);

    /// <summary>Linux: <c>get_anon_bdev</c>: a device number for a file system without a device.</summary>
    internal DeviceNumber NextDevice() => new(0, Interlocked.Increment(ref _nextDevice));
}
