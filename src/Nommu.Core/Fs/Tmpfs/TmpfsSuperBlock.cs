using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Tmpfs;

/// <summary>Linux: one instance of tmpfs (mm/shmem.c).</summary>
internal sealed class TmpfsSuperBlock : SuperBlock
{
    private readonly Lock _lock = new();
    /// <summary>Linux: SHMEM_FL_USER_MODIFIABLE.</summary>
    internal const InodeFlags KnownFlags = InodeFlags.FS_IMMUTABLE_FL | InodeFlags.FS_APPEND_FL | InodeFlags.FS_NODUMP_FL | InodeFlags.FS_NOATIME_FL;

    private TmpfsOptions _options;
    private ulong _nextIno;
    private long _usedPages;
    private long _usedInodes;

    internal TmpfsSuperBlock(IFileSystemType type, in MountRequest request, PageStore store, TmpfsOptions options) : base(type, request)
    {
        Store = store;
        _options = options;
        _usedInodes = 1;
        Root = new TmpfsDirectory(this, new CreateRequest(options.Mode, options.Uid, options.Gid));
    }

    /// <inheritdoc/>
    public override DirectoryInode Root { get; }

    /// <inheritdoc/>
    public override string Options => _options.Show(Store.TotalPages);

    internal PageStore Store { get; }

    internal ulong NextIno() => Interlocked.Increment(ref _nextIno);

    /// <summary>Counts pages, as many as its limit and the machine's memory leave.</summary>
    internal int Charge(int pages)
    {
        lock (_lock)
        {
            if (_options.Pages is { } limit)
                pages = (int)Math.Clamp(limit - _usedPages, 0, pages);
            pages = Store.Account.ChargeFiles(pages);
            _usedPages += pages;
            return pages;
        }
    }

    internal void Uncharge(int pages)
    {
        if (pages == 0)
            return;
        Store.Account.UnchargeFiles(pages);
        lock (_lock)
            _usedPages -= pages;
    }

    internal bool TryAddInode()
    {
        lock (_lock)
        {
            if (_options.Inodes is { } limit && _usedInodes >= limit)
                return false;
            _usedInodes++;
            return true;
        }
    }

    internal void RemoveInode()
    {
        lock (_lock)
            _usedInodes--;
    }

    /// <inheritdoc/>
    public override Result<Statfs> Statfs()
    {
        lock (_lock)
        {
            var total = _options.Pages ?? Store.TotalPages;
            var free = Math.Max(0, Math.Min(total - _usedPages, Math.Min(Store.FreePages, Store.Account.Limit - Store.Account.Used)));
            return new Statfs
            {
                Type = Type.Magic,
                BlockSize = PageStore.PageSize,
                FragmentSize = PageStore.PageSize,
                Blocks = (ulong)total,
                BlocksFree = (ulong)free,
                BlocksAvailable = (ulong)free,
                Files = (ulong)(_options.Inodes ?? 0),
                FilesFree = (ulong)Math.Max(0, (_options.Inodes ?? 0) - (_options.Inodes is null ? 0 : _usedInodes)),
                NameLength = FileName.MaximumLength,
            };
        }
    }

    /// <inheritdoc/>
    public override Errno Remount(MountFlags flags, ReadOnlySpan<byte> options)
    {
        lock (_lock)
        {
            var parsed = TmpfsOptions.Parse(options, _options, Store.TotalPages);
            if (!parsed.TryGet(out var changed))
                return parsed.Error;
            if (changed.Pages < _usedPages || changed.Inodes < _usedInodes)
                return Errno.EINVAL;
            _options = changed;
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose() => ((TmpfsDirectory)Root).DiscardAll();
}
