using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Loader.Elf;
using Nommu.Core.Memory;
using Nommu.Core.Rewriter;

namespace Nommu.Core.Loader;

/// <summary>One kernel's programs and libraries, read and rewritten once and kept while they are used: an execve of a file known to be unchanged reads nothing.</summary>
/// <remarks>The lock is a leaf, taken under an address space's; files are read and rewritten outside it.</remarks>
internal sealed class ProgramTexts(Arena arena, RewrittenImageCache images) : ITextSource, IDisposable
{
    private const int MostFiles = 256;
    private const long MostBytes = 256L << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<FileIdentity, ProgramFile> _files = [];
    private long _weight;
    private long _uses;

    /// <summary>Told of every file that was read and rewritten.</summary>
    internal Action<FileDescription, RewrittenImage>? Rewrote { get; init; }

    /// <summary>What was made of each file that is kept, by its path when it was first read.</summary>
    internal List<RewrittenFile> Files
    {
        get
        {
            lock (_lock)
                return [.. _files.Values.Select(file => new RewrittenFile(file.Path, file.Coverage))];
        }
    }

    /// <summary>How many are kept.</summary>
    internal int Count
    {
        get
        {
            lock (_lock)
                return _files.Count;
        }
    }

    /// <summary>Reads a file, or finds what is known of it.</summary>
    /// <param name="file">A regular file, open for reading.</param>
    /// <param name="reason">Why it is no program.</param>
    /// <returns>Held for the caller; ENOEXEC, ENOMEM, EIO.</returns>
    internal Result<ProgramFile> Load(FileDescription file, out string? reason)
    {
        reason = null;
        var identity = Identify(file.Inode);
        if (TryGet(identity) is { } known)
            return known;
        var read = ProgramContents.Read(file, arena, out reason);
        if (!read.TryGet(out var contents))
            return read.Error;
        using (contents)
        {
            var parsed = ElfImage.Parse(contents.Bytes, out reason);
            return parsed.TryGet(out var image) ? Add(file, identity, contents, image, isSame: Identify(file.Inode) == identity) : parsed.Error;
        }
    }

    /// <inheritdoc/>
    public TextSegment? Find(FileDescription file, long offset, ulong length)
    {
        if (file.Inode is not RegularInode || !file.CanRead || !IsElf(file) || !Load(file, out _).TryGet(out var program))
            return null;
        foreach (var segment in program.Segments)
        {
            if (segment.FileOffset < offset + (long)length && segment.FileEnd > offset)
                return segment;
        }
        program.Release();
        return null;
    }

    internal void RememberTrappedSite(in FileIdentity identity, ulong address)
    {
        if (!images.RememberTrappedSite(identity, address))
            return;
        lock (_lock)
            Remove(identity);
    }

    private static bool IsElf(FileDescription file)
    {
        Span<byte> head = stackalloc byte[4];
        var to = new IoVector(head);
        return file.ReadAt(ref to, 0).Value == head.Length && head.SequenceEqual("\u007fELF"u8);
    }

    private static FileIdentity Identify(Inode inode) => new(
        inode.SuperBlock.Device.Encoded, inode.Ino, (ulong)inode.Size, Time.KernelClock.ToNanoseconds(inode.ModifyTime), inode.ContentVersion);

    private ProgramFile Add(FileDescription file, in FileIdentity identity, ProgramContents contents, ElfImage image, bool isSame)
    {
        var rewritten = images.GetOrRewrite(identity, image);
        Rewrote?.Invoke(file, rewritten);
        // A file that changed while it was read is not kept; whoever maps it gets what was read.
        var made = new ProgramFile(this, identity, contents, image, rewritten) { Path = PathNaming.DescribeAsText(file.Path) };
        if (!isSame)
            return made;
        lock (_lock)
        {
            if (_files.TryGetValue(identity, out var other))
            {
                made.Release();
                return Use(other);
            }
            _files.Add(identity, made);
            _weight += made.Weight;
            Use(made);
            while (_files.Count > 1 && (_files.Count > MostFiles || _weight > MostBytes))
                RemoveOldest();
            return made;
        }
    }

    private ProgramFile? TryGet(in FileIdentity identity)
    {
        lock (_lock)
            return _files.TryGetValue(identity, out var file) ? Use(file) : null;
    }

    private ProgramFile Use(ProgramFile file)
    {
        file.LastUse = ++_uses;
        return file.Retain();
    }

    private void RemoveOldest()
    {
        ProgramFile? oldest = null;
        foreach (var file in _files.Values)
        {
            if (oldest is null || file.LastUse < oldest.LastUse)
                oldest = file;
        }
        Remove(oldest!.Identity);
    }

    private void Remove(in FileIdentity identity)
    {
        if (!_files.Remove(identity, out var file))
            return;
        _weight -= file.Weight;
        file.Release();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var file in _files.Values)
                file.Release();
            _files.Clear();
        }
    }
}
