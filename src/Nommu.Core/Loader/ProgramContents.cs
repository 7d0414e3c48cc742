using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Host;
using Nommu.Core.Memory;

namespace Nommu.Core.Loader;

/// <summary>
/// The bytes of a file while they are looked at. Mostly a copy. Those of a large program that nobody may write while it runs are seen where they lie, and its processes map them: a hundred megabytes
/// take longer to copy than to look through.
/// </summary>
internal sealed class ProgramContents : IDisposable
{
    /// <summary>A program of this size is copied in less time than its processes would lose with more mappings each.</summary>
    private const long SmallestView = 4 << 20;

    /// <summary>Files in more pieces than that are copied.</summary>
    private const int MostRuns = 64;

    private readonly Action _release;

    private ProgramContents(ReadOnlyMemory<byte> bytes, bool areFilePages, Action release) => (Bytes, AreFilePages, _release) = (bytes, areFilePages, release);

    /// <summary>The whole file. Not to be looked at after <see cref="Dispose"/>.</summary>
    internal ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The file's pages can be mapped, and will be these bytes as long as the program runs.</summary>
    internal bool AreFilePages { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="file">A regular file, open for reading.</param>
    /// <param name="arena">Whose memory a copy takes.</param>
    /// <param name="reason">Why not.</param>
    /// <returns>ENOMEM, EIO; other errors of reading.</returns>
    internal static Result<ProgramContents> Read(FileDescription file, Arena arena, out string? reason)
    {
        reason = null;
        var size = file.Inode.Size;
        if (size >= SmallestView && size <= Array.MaxLength && file.DeniesWriting && file.Inode is RegularInode { MayBeWrittenUncounted: false } && file.Pages is { } pages && View(pages, size) is { } view)
            return view;
        // Hostile sizes are held to what the kernel has.
        var charge = (size / (long)Arena.PageSize) + 1;
        if (size > Array.MaxLength || !arena.TryCharge(charge))
        {
            reason = "larger than memory";
            return Errno.ENOMEM;
        }
        var read = ReadAll(file, (int)size);
        if (read.TryGet(out var bytes))
            return new ProgramContents(bytes, areFilePages: false, () => arena.Uncharge(charge));
        arena.Uncharge(charge);
        return read.Error;
    }

    public void Dispose() => _release();

    private static ProgramContents? View(IMappable pages, long size)
    {
        if (pages.Map(forWriting: false, mapper: null) != Errno.None)
            return null;
        var runs = new List<MappedRun>();
        if (pages.Locate(0, size, runs) == Errno.None && runs.Count <= MostRuns && runs.Sum(run => run.Length) >= size)
        {
            var view = HostFileView.Map(pages.Backing, [.. runs.Select(run => (run.BackingOffset, run.Length))]);
            if (view is not null)
            {
                return new ProgramContents(view.Memory[..(int)size], areFilePages: true, () =>
                {
                    ((IDisposable)view).Dispose();
                    pages.Unmap(forWriting: false, mapper: null);
                });
            }
        }
        pages.Unmap(forWriting: false, mapper: null);
        return null;
    }

    private static Result<byte[]> ReadAll(FileDescription file, int size)
    {
        var bytes = new byte[size];
        var done = 0;
        while (done < size)
        {
            var to = new IoVector(bytes.AsSpan(done));
            var read = file.ReadAt(ref to, done);
            if (!read.TryGet(out var count))
                return read.Error == Errno.EAGAIN ? Errno.EIO : read.Error;
            if (count == 0)
                return bytes[..done];
            done += (int)count;
        }
        return bytes;
    }
}
