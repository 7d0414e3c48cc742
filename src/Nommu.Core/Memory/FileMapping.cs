using Nommu.Core.Fs;

namespace Nommu.Core.Memory;

/// <summary>What one mmap(2) of a file holds on to until the last piece of it is unmapped. Guarded by the address space's lock.</summary>
internal sealed class FileMapping
{
    private readonly IFileMapper? _mapper;
    private int _references = 1;

    /// <param name="file">Gets another reference.</param>
    /// <param name="pages">The file's pages, where they were made to stay (<see cref="IMappable.Map"/>).</param>
    /// <param name="forWriting">As they were.</param>
    /// <param name="watcher">Who is told of its pieces.</param>
    /// <param name="mapper">Whose it is, as it was there.</param>
    internal FileMapping(FileDescription file, IMappable? pages = null, bool forWriting = false, IMappingWatcher? watcher = null, IFileMapper? mapper = null)
    {
        (File, Pages, IsForWriting, Watcher, _mapper) = (file.Retain(), pages, forWriting, watcher, mapper);
        watcher?.Opened();
    }

    internal FileDescription File { get; }

    /// <summary>The file's own pages, where it shows them.</summary>
    internal IMappable? Pages { get; }

    /// <summary>Linux: VM_SHARED with VM_MAYWRITE: it counts as a writer of the file.</summary>
    internal bool IsForWriting { get; }

    /// <summary>Who is told of its pieces, if anybody is.</summary>
    internal IMappingWatcher? Watcher { get; }

    internal FileMapping Retain()
    {
        Watcher?.Opened();
        _references++;
        return this;
    }

    internal void Release()
    {
        Watcher?.Closed();
        if (--_references != 0)
            return;
        // What was written through the mapping shows as a change no later than here (mmap(2), "Timestamps changes for file-backed mappings").
        if (IsForWriting)
            File.Inode.TouchModified();
        Pages?.Unmap(IsForWriting, _mapper);
        File.Release();
    }
}
