using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Fs.Hostfs;

/// <summary>Where an inode's file is on the host, and which file it is. No descriptor is kept: a tree has more files than a process may have descriptors.</summary>
internal sealed class HostfsPlace
{
    private readonly HostfsSuperBlock _fileSystem;
    private readonly InodeMode _type;
    private Location _location;
    private Identity _identity;

    internal HostfsPlace(HostfsSuperBlock fileSystem, HostfsPlace? parent, FileName name, HostFile file, in Stat status)
    {
        _fileSystem = fileSystem;
        _type = (InodeMode)status.Mode & InodeMode.S_IFMT;
        _location = new Location(parent, name);
        _identity = Identify(file, status);
    }

    /// <summary>In a file system in which the host makes up its files; they stay closed.</summary>
    internal bool IsMadeUp => Volatile.Read(ref _identity).On.IsMadeUp;

    /// <summary>A number that no other file has, whatever file system of the host it is on.</summary>
    internal ulong Ino => HostfsSuperBlock.InoOf(_identity.On, _identity.Ino);

    internal long Blocks { get; private set; }

    internal int BlockSize { get; private set; } = 4096;

    /// <summary>True where the file has other names.</summary>
    private bool HasOtherNames { get; set; }

    /// <summary>It was found under this name just now.</summary>
    internal void MoveTo(HostfsPlace parent, FileName name)
    {
        var location = Volatile.Read(ref _location);
        if (location.Parent != parent || location.Name != name)
            Volatile.Write(ref _location, new Location(parent, name));
    }

    internal void Take(in Stat status) =>
        (Blocks, BlockSize, HasOtherNames) = (status.Blocks, (int)Math.Clamp(status.BlockSize, 512, 1 << 22), status.Nlink > 1);

    /// <summary>Has an inode take over what the host says of it now, if it is still there.</summary>
    internal void Refresh(IHostfsInode inode)
    {
        if (!Find(out var status).TryGet(out var file))
            return;
        file.Dispose();
        inode.Take(status);
    }

    /// <summary>Looks at the file.</summary>
    /// <returns>ENOENT where it has gone, ESTALE where something of another kind has its name.</returns>
    internal Result<HostFile> Find(out Stat status) => Check(_fileSystem.Tree.Find(Path()), out status);

    /// <summary>Looks at what has a name in this directory.</summary>
    internal Result<HostFile> Find(FileName name) => IsMadeUp ? Errno.ENOENT : _fileSystem.Tree.Find(Path(name));

    /// <summary>Opens it for reading, once it is known to be a file or directory.</summary>
    /// <returns>EACCES where the host does not let this process.</returns>
    internal Result<HostFile> Open(out Stat status)
    {
        var found = Find(out status);
        if (!found.TryGet(out var place))
            return found;
        place.Dispose();
        if (IsMadeUp)
            return Errno.EACCES;
        var opened = _fileSystem.Tree.OpenForReading(Path());
        if (opened.IsOk)
            return Check(opened, out status);
        // These say that it is another kind of file by now.
        return opened.Error is Errno.ENXIO or Errno.ELOOP or Errno.ENODEV ? Errno.ESTALE : opened.Error == Errno.EPERM ? Errno.EACCES : opened;
    }

    private byte[] Path(FileName? below = null)
    {
        var names = new Stack<FileName>();
        var length = 0;
        if (below is { } last)
        {
            names.Push(last);
            length = last.Bytes.Length;
        }
        for (var at = Volatile.Read(ref _location); at.Parent is not null; at = Volatile.Read(ref at.Parent._location))
        {
            names.Push(at.Name);
            length += at.Name.Bytes.Length;
        }
        if (names.Count == 0)
            return [0];
        var path = new byte[length + names.Count];
        var end = 0;
        foreach (var name in names)
        {
            if (end > 0)
                path[end++] = (byte)'/';
            name.Bytes.CopyTo(path.AsSpan(end));
            end += name.Bytes.Length;
        }
        return path;
    }

    private Result<HostFile> Check(Result<HostFile> found, out Stat status)
    {
        status = default;
        if (!found.TryGet(out var file))
            return found;
        var error = file.TryStat(out status) ? Recognize(file, status) : Errno.EIO;
        if (error == Errno.None)
            return file;
        file.Dispose();
        return error;
    }

    /// <summary>Another file in the same place is what an editor leaves behind that writes a new one and renames it: it is this one from now on. But not where the old one has other names.</summary>
    private Errno Recognize(HostFile file, in Stat status)
    {
        var old = Volatile.Read(ref _identity);
        if (old.On.Device == status.Dev && old.Ino == status.Ino)
            return Errno.None;
        var identity = Identify(file, status);
        if (HasOtherNames || identity.On.IsMadeUp != old.On.IsMadeUp || ((InodeMode)status.Mode & InodeMode.S_IFMT) != _type)
            return Errno.ESTALE;
        Volatile.Write(ref _identity, identity);
        _fileSystem.Exchange((old.On.Device, old.Ino), (status.Dev, status.Ino));
        return Errno.None;
    }

    private Identity Identify(HostFile file, in Stat status) => new(_fileSystem.FindDevice(file, status.Dev), status.Ino);

    private sealed record Location(HostfsPlace? Parent, FileName Name);

    private sealed record Identity(HostDevice On, ulong Ino);
}

/// <summary>One of the host's file systems.</summary>
/// <param name="Device">The host's st_dev.</param>
/// <param name="Index">Among those that have been seen.</param>
/// <param name="IsMadeUp">Its files are made up when they are read, and may do things then: /proc and its like.</param>
internal sealed record HostDevice(ulong Device, int Index, bool IsMadeUp);
