using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>struct fs_struct</c>. Root, working directory and umask of a process; threads and CLONE_FS share one.</summary>
internal sealed class FsContext
{
    private readonly Lock _lock = new();
    private Places _places;
    private int _users = 1;

    internal FsContext(VirtualFileSystem fileSystem, MountNamespace mounts, FsPath root, FsPath workingDirectory)
    {
        FileSystem = fileSystem;
        mounts.TryRetain();
        root.Mount.TryRetain();
        workingDirectory.Mount.TryRetain();
        _places = new Places(mounts, root, workingDirectory);
        fileSystem.Contexts.TryAdd(this, 0);
    }

    /// <summary>The kernel's file system.</summary>
    internal VirtualFileSystem FileSystem { get; }

    /// <summary>Linux: <c>mnt_ns</c>, which <c>nsproxy</c> has there; who has one of its own has these places alone.</summary>
    internal MountNamespace Mounts => Volatile.Read(ref _places).Mounts;

    internal FsPath Root => Volatile.Read(ref _places).Root;

    internal FsPath WorkingDirectory => Volatile.Read(ref _places).WorkingDirectory;

    internal InodeMode Umask { get; set; } = (InodeMode)0x12;

    /// <summary>chdir(2).</summary>
    internal Errno SetWorkingDirectory(FsPath path)
    {
        if (!path.Mount.TryRetain())
            return Errno.ENOENT;
        lock (_lock)
        {
            var old = _places;
            Volatile.Write(ref _places, old with { WorkingDirectory = path });
            old.WorkingDirectory.Mount.Release();
        }
        return Errno.None;
    }

    /// <summary>chroot(2).</summary>
    internal Errno SetRoot(FsPath path)
    {
        if (!path.Mount.TryRetain())
            return Errno.ENOENT;
        lock (_lock)
        {
            var old = _places;
            Volatile.Write(ref _places, old with { Root = path });
            old.Root.Mount.Release();
        }
        return Errno.None;
    }

    /// <summary>Linux: <c>chroot_fs_refs</c> of pivot_root: who stood at the old root stands at the new one.</summary>
    internal void Replace(FsPath from, FsPath to)
    {
        if (Root == from)
            SetRoot(to);
        if (WorkingDirectory == from)
            SetWorkingDirectory(to);
    }

    /// <summary>Linux: <c>copy_fs_struct</c>: for a child without CLONE_FS.</summary>
    internal FsContext Clone()
    {
        lock (_lock)
            return new FsContext(FileSystem, _places.Mounts, _places.Root, _places.WorkingDirectory) { Umask = Umask };
    }

    /// <summary>Linux: <c>copy_mnt_ns</c>: for CLONE_NEWNS.</summary>
    internal FsContext CloneWithMounts()
    {
        Places places;
        lock (_lock)
            places = _places;
        var mounts = places.Mounts.Copy(FileSystem.NextNamespace(), places.Root, places.WorkingDirectory, out var root, out var directory);
        var copy = new FsContext(FileSystem, mounts, root, directory) { Umask = Umask };
        mounts.GiveBack();
        return copy;
    }

    /// <summary>Linux: <c>mntns_install</c>: stands at the root of another namespace, whose use it takes over.</summary>
    internal void Enter(MountNamespace mounts)
    {
        Places old;
        var root = mounts.Cross(new FsPath(mounts.Root, mounts.Root.Root));
        root.Mount.TryRetain();
        root.Mount.TryRetain();
        lock (_lock)
        {
            old = _places;
            Volatile.Write(ref _places, new Places(mounts, root, root));
        }
        old.Release();
    }

    /// <summary>True where somebody else stands at the same places.</summary>
    internal bool IsShared => Volatile.Read(ref _users) > 1;

    /// <summary>For a child or thread with CLONE_FS.</summary>
    internal FsContext Share()
    {
        Interlocked.Increment(ref _users);
        return this;
    }

    /// <summary>Linux: <c>exit_fs</c>.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _users) != 0)
            return;
        FileSystem.Contexts.TryRemove(this, out _);
        _places.Release();
    }

    private sealed record Places(MountNamespace Mounts, FsPath Root, FsPath WorkingDirectory)
    {
        internal void Release()
        {
            Root.Mount.Release();
            WorkingDirectory.Mount.Release();
            Mounts.GiveBack();
        }
    }
}
