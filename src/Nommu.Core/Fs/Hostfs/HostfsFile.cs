using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Fs.Hostfs;

/// <summary>A regular file of the host. Its pages are the host's, so that what others there write is seen at once, and what they cut off is SIGBUS.</summary>
internal sealed class HostfsFile : RegularInode, IHostfsInode, IMappable
{
    private const int PageSize = 4096;

    private readonly Lock _lock = new();
    private HostFile? _content;
    private int _contentUsers;

    internal HostfsFile(HostfsSuperBlock fileSystem, HostfsPlace place, in Stat status) : base(fileSystem, place.Ino, (InodeMode)status.Mode, status.Uid, status.Gid)
    {
        Place = place;
        MayBeWrittenUncounted = true;
        Take(status);
        BirthTime = ChangeTime;
    }

    /// <inheritdoc/>
    public HostfsPlace Place { get; }

    /// <inheritdoc/>
    public override long Blocks => Place.Blocks;

    /// <inheritdoc/>
    public override int BlockSize => Place.BlockSize;

    /// <summary>Open while somebody has the file open or mapped.</summary>
    public IHostFile Backing => _content!;

    /// <inheritdoc/>
    public void Take(in Stat status)
    {
        Place.Take(status);
        Ino = Place.Ino;
        TakeAttributes(status);
    }

    /// <inheritdoc/>
    public override void Refresh()
    {
        // While it is open, it is that file, whatever has its name by now.
        lock (_lock)
        {
            if (_content is not null)
            {
                if (_content.TryStat(out var present))
                    Take(present);
                return;
            }
        }
        Place.Refresh(this);
    }

    /// <inheritdoc/>
    public override Result<FileDescription> Open(in OpenRequest request)
    {
        if (request.CanWrite)
            return Errno.EROFS;
        lock (_lock)
        {
            if (_content is null)
            {
                var opened = Place.Open(out var status);
                if (!opened.TryGet(out _content))
                    return opened.Error;
                Take(status);
            }
            _contentUsers++;
            return new HostfsOpenFile(this, _content, request.Path, request.Flags);
        }
    }

    internal void EndUse()
    {
        lock (_lock)
        {
            if (--_contentUsers > 0)
                return;
            _content!.Dispose();
            _content = null;
        }
    }

    /// <inheritdoc/>
    public Errno Map(bool forWriting, IFileMapper? mapper)
    {
        if (forWriting)
            return Errno.EPERM;
        lock (_lock)
            _contentUsers++;
        return Errno.None;
    }

    /// <inheritdoc/>
    public Errno Locate(long offset, long length, List<MappedRun> runs)
    {
        var end = Math.Min(offset + length, Backing.Size);
        if (offset < end)
            runs.Add(new MappedRun(offset, offset, (end - offset + PageSize - 1) & -PageSize));
        return Errno.None;
    }

    /// <inheritdoc/>
    public void Unmap(bool forWriting, IFileMapper? mapper) => EndUse();

    /// <inheritdoc/>
    public override Errno Truncate(long size) => Errno.EROFS;
}
