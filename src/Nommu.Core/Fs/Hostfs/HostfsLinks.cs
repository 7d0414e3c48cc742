using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Hostfs;

/// <summary>A symbolic link of the host. The guest follows it in its own tree, the host never does.</summary>
internal sealed class HostfsSymlink : SymlinkInode, IHostfsInode
{
    internal HostfsSymlink(HostfsSuperBlock fileSystem, HostfsPlace place, in Stat status) : base(fileSystem, place.Ino, status.Uid, status.Gid)
    {
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
        Ino = Place.Ino;
        TakeAttributes(status);
    }

    /// <inheritdoc/>
    public override void Refresh() => Place.Refresh(this);

    /// <inheritdoc/>
    public override Result<byte[]> ReadLink()
    {
        var found = Place.Find(out _);
        if (!found.TryGet(out var file))
            return found.Error;
        using (file)
            return file.ReadLink();
    }
}

/// <summary>A FIFO, socket or device of the host: it can be seen, and is not opened.</summary>
internal sealed class HostfsSpecial : SpecialInode, IHostfsInode
{
    internal HostfsSpecial(HostfsSuperBlock fileSystem, HostfsPlace place, in Stat status)
        : base(fileSystem, place.Ino, (InodeMode)status.Mode, status.Uid, status.Gid, DeviceNumber.FromEncoded(status.Rdev))
    {
        Place = place;
        Take(status);
        BirthTime = ChangeTime;
    }

    /// <inheritdoc/>
    public HostfsPlace Place { get; }

    /// <inheritdoc/>
    internal override bool CanBeOpened => false;

    /// <inheritdoc/>
    public void Take(in Stat status)
    {
        Place.Take(status);
        TakeAttributes(status);
    }

    /// <inheritdoc/>
    public override void Refresh() => Place.Refresh(this);
}
