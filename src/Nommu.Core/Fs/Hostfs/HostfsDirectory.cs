using System.Buffers.Binary;
using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Fs.Hostfs;

/// <summary>A directory of the host.</summary>
internal sealed class HostfsDirectory : DirectoryInode, IHostfsInode
{
    /// <summary>Where the name begins in <c>struct linux_dirent64</c>, and where its length and type are.</summary>
    private const int LengthAt = 16, TypeAt = 18, NameAt = 19;
    private const int BufferSize = 32 << 10;

    private readonly HostfsSuperBlock _fileSystem;
    private readonly DirectoryListing _names = new();

    internal HostfsDirectory(HostfsSuperBlock fileSystem, HostfsPlace place, in Stat status) : base(fileSystem, place.Ino, (InodeMode)status.Mode, status.Uid, status.Gid)
    {
        _fileSystem = fileSystem;
        Place = place;
        Take(status);
        BirthTime = ChangeTime;
    }

    /// <inheritdoc/>
    public HostfsPlace Place { get; }

    /// <inheritdoc/>
    public override long Blocks => Place.Blocks;

    /// <inheritdoc/>
    public void Take(in Stat status)
    {
        Place.Take(status);
        TakeAttributes(status);
    }

    /// <inheritdoc/>
    public override void Refresh() => Place.Refresh(this);

    /// <inheritdoc/>
    public override Result<Inode> Lookup(FileName name)
    {
        var found = Place.Find(name);
        if (!found.TryGet(out var file))
            return found.Error == Errno.EPERM ? Errno.EACCES : found.Error;
        using (file)
            return file.TryStat(out var status) ? _fileSystem.Get(Place, name, file, status) : Errno.EIO;
    }

    /// <inheritdoc/>
    public override Result<DirectoryEntry> NextEntry(long cookie)
    {
        var error = cookie == 0 ? ReadNames() : Errno.None;
        return error == Errno.None ? _names.Next(cookie) : error;
    }

    private Errno ReadNames()
    {
        _names.BeginUpdate();
        var error = Errno.None;
        if (!Place.IsMadeUp)
        {
            var opened = Place.Open(out _);
            if (!opened.TryGet(out var file))
                return opened.Error;
            using (file)
                error = ReadNames(file);
        }
        if (error == Errno.None)
            _names.EndUpdate();
        return error;
    }

    private Errno ReadNames(HostFile file)
    {
        var device = _fileSystem.FindDevice(file, file.TryStat(out var status) ? status.Dev : 0);
        var buffer = new byte[BufferSize];
        while (true)
        {
            var read = file.ReadDirectory(buffer);
            if (!read.TryGet(out var count) || count == 0)
                return read.Error;
            for (var entry = buffer.AsSpan(0, count); entry.Length > NameAt; entry = entry[BinaryPrimitives.ReadUInt16LittleEndian(entry[LengthAt..])..])
            {
                var name = entry[NameAt..BinaryPrimitives.ReadUInt16LittleEndian(entry[LengthAt..])];
                name = name[..name.IndexOf((byte)0)];
                if (name is [(byte)'.'] or [(byte)'.', (byte)'.'])
                    continue;
                _names.Add(new FileName(name), HostfsSuperBlock.InoOf(device, BinaryPrimitives.ReadUInt64LittleEndian(entry)), (InodeMode)(entry[TypeAt] << 12));
            }
        }
    }
}
