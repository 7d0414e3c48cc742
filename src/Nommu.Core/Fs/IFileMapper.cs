namespace Nommu.Core.Fs;

/// <summary>Linux: an entry of <c>i_mmap</c>: memory that shows pages of a file, and is told when the file ends elsewhere.</summary>
/// <remarks>Its lock comes before a file's own.</remarks>
internal interface IFileMapper
{
    /// <summary>Makes it stay while it is told something.</summary>
    /// <returns>False when it is on its way out.</returns>
    bool TryRetain();

    /// <summary>Ends what <see cref="TryRetain"/> began.</summary>
    void Release();

    /// <summary>Linux: <c>unmap_mapping_range</c>. Shows pages of the file as they are now: those behind its end are faults (SIGBUS).</summary>
    /// <param name="file">The file.</param>
    /// <param name="start">In the file, page aligned.</param>
    /// <param name="end">Behind the last of them.</param>
    /// <returns>False where the host has no means for it, so that old pages may still be seen.</returns>
    bool Show(IMappable file, long start, long end);
}
