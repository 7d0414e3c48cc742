using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>mmap</c> of <c>file_operations</c>. Differs: the file says where its pages lie in a file of the host, and the caller maps those; so sharing is real.</summary>
internal interface IMappable
{
    /// <summary>The host's file that holds the pages.</summary>
    IHostFile Backing { get; }

    /// <summary>Makes all pages stay where they are until <see cref="Unmap"/>.</summary>
    /// <param name="forWriting">A shared, writable mapping.</param>
    /// <param name="mapper">Who is told when the file ends elsewhere; null for nobody.</param>
    /// <returns>EPERM where the file is sealed against it.</returns>
    Errno Map(bool forWriting, IFileMapper? mapper);

    /// <summary>Where pages lie, for one who has them stay (<see cref="Map"/>): fills the holes among them. Pages behind the end of the file are left out.</summary>
    /// <param name="offset">In the file, page aligned.</param>
    /// <param name="length">In bytes.</param>
    /// <param name="runs">Gets where the pages are, in the order of the file.</param>
    /// <returns>ENOSPC.</returns>
    Errno Locate(long offset, long length, List<MappedRun> runs);

    /// <summary>Ends what one successful <see cref="Map"/> began.</summary>
    /// <param name="forWriting">As it was there.</param>
    /// <param name="mapper">As it was there.</param>
    void Unmap(bool forWriting, IFileMapper? mapper);
}

/// <summary>Where a piece of a file lies.</summary>
/// <param name="FileOffset">In the file.</param>
/// <param name="BackingOffset">In the host's file.</param>
/// <param name="Length">In bytes; whole pages.</param>
internal readonly record struct MappedRun(long FileOffset, long BackingOffset, long Length)
{
    /// <summary>True when another run goes on where this one ends, in both files.</summary>
    internal bool JoinsWith(in MappedRun next) => FileOffset + Length == next.FileOffset && BackingOffset + Length == next.BackingOffset;
}
