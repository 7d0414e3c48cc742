using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>struct fs_struct</c>. Root, working directory and umask of a process; threads and CLONE_FS share one.</summary>
internal sealed class FsContext
{
    private readonly Lock _lock = new();
    private Places _places;
    private int _users = 1;

    internal FsContext(VirtualFileSystem fileSystem, FsPath root, FsPath workingDirectory)
    {
        FileSystem = fileSystem;
        root.Mount.TryRetain();
        workingDirectory.Mount.TryRetain();
        _places = new Places(root, workingDirectory);
        fileSystem.Contexts.TryAdd(this, 0);
    }

    /// <summary>The kernel's file system.</summary>
    internal VirtualFileSystem FileSystem { get; }

    internal MountNamespace Mounts => FileSystem.Mounts;

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
            return new FsContext(FileSystem, _places.Root, _places.WorkingDirectory) { Umask = Umask };
    }

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
        lock (_lock)
        {
            _places.Root.Mount.Release();
            _places.WorkingDirectory.Mount.Release();
        }
    }

    private sealed record Places(FsPath Root, FsPath WorkingDirectory);
}
